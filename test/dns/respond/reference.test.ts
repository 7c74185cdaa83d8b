// Answers to random questions about random zones, compared with a plain reference of RFC 1034 §4.3.2, RFC 4592 and
// RFC 6672. The reference has Maps, and walks from the apex down.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { defaultSoa, formatRecord, type Server, serve } from '../../support/answers.ts';

/** Name → type → rdata. Names have no last dot. */
type Names = Map<string, Map<string, string>>;
/** The name of a zone → its names. */
type Zones = Map<string, Names>;

const label = fc.constantFrom('a', 'b', 'c', '*');
const zoneNames = ['example', 'b.example', 'c.b.example', 'other'];
const name = fc
  .tuple(fc.array(label, { maxLength: 3 }), fc.constantFrom(...zoneNames))
  .map(([labels, zone]) => [...labels, zone].join('.'));
const record = fc.tuple(name, fc.constantFrom('A', 'A', 'TXT', 'CNAME', 'NS', 'DNAME'), name);
const question = fc.tuple(name, fc.constantFrom('A', 'A', 'A', 'TXT', 'CNAME', 'NS', 'DS', 'DNAME', 'ANY'));

test('answers from random zones are those of the reference', () => {
  fc.assert(
    fc.property(
      fc.subarray(zoneNames, { minLength: 1 }),
      fc.array(record, { maxLength: 14, size: 'max' }),
      fc.array(question, { minLength: 20, maxLength: 20 }),
      (served, records, questions) => {
        const zones = build(served, records);
        const server = serve(zoneText(zones));
        for (const [qname, qtype] of questions) compare(server, zones, qname, qtype);
      },
    ),
    { numRuns: 600 },
  );
});

function build(served: string[], records: [string, string, string][]): Zones {
  const zones: Zones = new Map(served.map((zone) => [zone, new Map()]));
  for (const [owner, type, target] of records) {
    const zone = closestZone(zones, owner);
    if (zone === undefined) continue;
    const node = zones.get(zone)?.get(owner) ?? new Map<string, string>();
    if (node.has('CNAME') || (type === 'CNAME' && (node.size > 0 || owner === zone))) continue;
    if ((type === 'DNAME' || type === 'NS') && owner.startsWith('*')) continue;
    node.set(type, type === 'A' ? '192.0.2.1' : type === 'TXT' ? '"text"' : `${target}.`);
    zones.get(zone)?.set(owner, node);
  }
  return zones;
}

function zoneText(zones: Zones): string {
  const lines: string[] = [];
  for (const [zone, names] of zones) {
    lines.push(`$ZONE ${zone}.`);
    for (const [owner, node] of names) {
      for (const [type, rdata] of node) {
        if (type !== 'DNAME') lines.push(`${owner}. 60 ${type} ${rdata}`);
        else {
          const wire = rdata.split('.').map((part) => String.fromCharCode(part.length) + part);
          lines.push(`${owner}. 60 TYPE39 \\# ${wire.join('').length} ${Buffer.from(wire.join('')).toString('hex')}`);
        }
      }
    }
  }
  return lines.join('\n');
}

const isBelow = (below: string, above: string) => below.endsWith(`.${above}`);
const isAtOrBelow = (below: string, above: string) => below === above || isBelow(below, above);
const parent = (of: string) => of.slice(of.indexOf('.') + 1);

function closestZone(zones: Zones, owner: string): string | undefined {
  return [...zones.keys()].filter((zone) => isAtOrBelow(owner, zone)).sort((x, y) => y.length - x.length)[0];
}

/** The types in the order of their numbers, in which the table has them. */
const typeOrder = ['A', 'NS', 'CNAME', 'TXT', 'DNAME'];

interface Expected {
  rcode: string;
  aa: boolean;
  answers: string[];
  /** `NS owner` or `SOA zone`. */
  authority: string;
}

function expectedAnswer(zones: Zones, qname: string, qtype: string): Expected {
  const answers: string[] = [];
  const say = (text: string): void => {
    if (!text.includes(' DNAME ') || !answers.includes(text)) answers.push(text);
  };
  const passed = new Set<string>();
  let aa = true;
  for (let at = qname, aliases = 0; ; aliases += 1) {
    const first = aliases === 0;
    const done = (rcode: string, authority: string): Expected => ({ rcode, aa, answers, authority });
    if (!first && (passed.has(at) || aliases === 16)) return done('NOERROR', '');
    const isZone = qtype === 'DS' && zones.has(at);
    const above = isZone ? closestZone(zones, parent(at)) : undefined;
    const zone = above ?? closestZone(zones, at);
    if (zone === undefined) return { ...done(first ? 'REFUSED' : 'NOERROR', ''), aa: !first };
    const names = zones.get(zone) as Names;
    const chain = [at];
    while (chain[0] !== zone) chain.unshift(parent(chain[0] as string));
    let alias: { target: string; records: string[] } | undefined;
    for (const step of chain) {
      const node = names.get(step);
      if (step !== zone && node?.has('NS') && !(step === at && qtype === 'DS')) {
        if (first) aa = false;
        return done('NOERROR', `NS ${step}`);
      }
      const dname = node?.get('DNAME');
      if (step === at || dname === undefined) continue;
      const target = `${at.slice(0, -step.length)}${dname.slice(0, -1)}`;
      alias = { target, records: [`${step}. 60 DNAME ${dname}`, `${at}. 60 CNAME ${target}.`] };
      break;
    }
    if (alias === undefined) {
      const exists = (which: string) => which === zone || [...names.keys()].some((other) => isAtOrBelow(other, which));
      let source = at;
      if (!exists(at)) {
        // A served zone exists even if its parent zone has no delegation for it.
        if (above !== undefined) return done('NOERROR', `SOA ${zone}`);
        const encloser = chain.filter(exists).at(-1) as string;
        source = `*.${encloser}`;
        if (!exists(source)) return done('NXDOMAIN', `SOA ${zone}`);
      }
      const node = names.get(source);
      const cname = node?.get('CNAME');
      if (cname !== undefined && qtype !== 'CNAME' && qtype !== 'ANY')
        alias = { target: cname.slice(0, -1), records: [`${at}. 60 CNAME ${cname}`] };
      else {
        const asked = qtype === 'ANY' ? typeOrder : [qtype];
        const found = asked.filter((type) => node?.has(type));
        const isApex = qtype === 'ANY' && source === zone;
        if (found.length === 0 && !isApex) return done('NOERROR', `SOA ${zone}`);
        for (const type of found) say(`${at}. 60 ${type} ${node?.get(type)}`);
        if (isApex) say(`${at}. 3600 ${defaultSoa}`);
        return done('NOERROR', '');
      }
    }
    alias.records.forEach(say);
    if (qtype === 'CNAME') return done('NOERROR', '');
    passed.add(at);
    at = alias.target;
  }
}

function compare(server: Server, zones: Zones, qname: string, qtype: string): void {
  const response = server.ask(`${qname}. ${qtype} tcp`);
  const [authority] = response.authorities;
  const got: Expected = {
    rcode: response.rcode,
    aa: response.flag_aa,
    answers: response.answers.map(formatRecord),
    authority: authority === undefined ? '' : `${authority.type} ${authority.name}`,
  };
  assert.deepEqual(got, expectedAnswer(zones, qname, qtype), `${qname} ${qtype} in\n${zoneText(zones)}`);
}
