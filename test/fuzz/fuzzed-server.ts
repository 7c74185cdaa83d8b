// The server under fuzz: zones with wildcards, delegations, alias loops, DNAMEs and large RRsets, which change during
// the run, and three responders with different settings. Freed memory of the table is overwritten, so that the checks
// notice if a responder still reads it.

import { answerNotify } from '../../src/dns/respond/answer-notify.ts';
import { handedOn } from '../../src/dns/respond/hand-on.ts';
import { createResponder, type Respond } from '../../src/dns/respond/responder.ts';
import type { ResponseSettings } from '../../src/dns/respond/settings.ts';
import { parseName } from '../../src/model/name.ts';
import type { RecordType } from '../../src/model/rdata/record-types.ts';
import type { Revision } from '../../src/model/revision.ts';
import type { Rrset } from '../../src/model/rrset.ts';
import { openTableReader } from '../../src/table/reader.ts';
import { createTable } from '../../src/table/table.ts';
import { createTableWriter, type TableWriter } from '../../src/table/writer.ts';
import { clockAt, writeZones } from '../support/answers.ts';
import type { Random } from '../support/random.ts';

const steadyZones = `
  example.         60 NS ns.example.
  ns.example.      60 A 192.0.2.1
  $ZONE sub.example.
  a.sub.example.   60 CNAME b.example.
  $ZONE other.
  *.other.         60 CNAME a.b.example.
  $ZONE loop.
  *.a.loop.        60 CNAME b.a.loop.
  b.loop.          60 CNAME c.loop.
  c.loop.          60 CNAME b.loop.
  dn.loop.         60 DNAME loop.
  up.loop.         60 DNAME up.up.loop.
  cut.loop.        60 NS ns.cut.loop.
  *.cut.loop.      60 A 192.0.2.1`;

const rrset = (type: string, ...records: string[]): Rrset => ({ type: type as RecordType, ttl: 60, records });
const count = <T>(length: number, make: (index: number) => T): T[] => Array.from({ length }, (_, index) => make(index));

/** The contents that a changing name can get, each a list of RRsets. */
const contents: Rrset[][] = [
  [rrset('A', '192.0.2.1', '192.0.2.2')],
  [rrset('CNAME', 'a.other.')],
  [rrset('CNAME', 'a.b.example.')],
  [rrset('NS', 'ns.cut.example.', 'a.example.', 'b.cut.example.', 'far.away.')],
  [rrset('NS', ...count(100, (i) => `n${i}.cut.example.`)), rrset('DS', `1 8 2 ${'0a'.repeat(32)}`)],
  [rrset('DNAME', 'example.')],
  [rrset('DNAME', 'dn.example.'), rrset('A', '192.0.2.3')],
  [rrset('DNAME', `${'y'.repeat(63)}.${'y'.repeat(63)}.${'y'.repeat(63)}.loop.`)],
  [rrset('MX', '1 a.example.', '2 b.cut.example.'), rrset('SRV', '0 0 1 a.b.example.')],
  [
    rrset('HTTPS', '0 a.example.', '1 .', '2 x.b.example. alpn=h2'),
    rrset('AFSDB', '1 a.example.'),
    rrset('A', '192.0.2.4'),
  ],
  [rrset('LP', '1 a.b.example.'), rrset('KX', '1 cut.example.'), rrset('RT', '1 .'), rrset('SVCB', '1 *.b.example.')],
  [rrset('TXT', ...count(40, (i) => `"${i} ${'t'.repeat(i * 6)}"`))],
  [rrset('TXT', ...count(250, (i) => `"${i} ${'t'.repeat(245)}"`))],
  [rrset('A', ...count(90, (i) => `192.0.2.${i}`)), rrset('AAAA', '2001:db8::1')],
];
const changing = ['a', 'b', '*', 'cut', 'dn', 'alias', 'a.b', '*.b', 'b.cut', 'ns.cut', '*.cut', 'a.dn', 'x.y.z', 'h'];

/** A clock that stands still at a time at which `goodCookie` is valid. */
const clock = clockAt(1_559_731_985);
/** A cookie for 198.51.100.100 (RFC 9018 §A.1). */
export const goodCookie = '2464c4abcf10c957010000005cf79f111f8130c3eee29480';
const secrets = [Buffer.from('e5e973e5a6b2a43f48e7dc849e37bfcf', 'hex'), new Uint8Array(16)];
const told = { nsid: 'n'.repeat(63), chaos: { server: 's'.repeat(63), version: 'v' } };
const variants: readonly ResponseSettings[] = [
  {},
  { ...told, cookies: { strict: false, secrets } },
  { cookies: { strict: true, secrets }, rateLimit: { perSecond: 20, slip: 2, allow: [] } },
];

export interface FuzzedServer {
  /** Responders, each with its own table reader. `mayBeSilent`: the responder limits rates. */
  respond: readonly { respond: Respond; mayBeSilent: boolean }[];
  change(random: Random): void;
  /** Returns how many octets of the table were ever written. */
  tableBytes(): number;
}

export function startFuzzed(): FuzzedServer {
  const table = createTable({ bytes: 2 ** 25 });
  const writer = createTableWriter(table, { poison: true });
  writeZones(writer, steadyZones);
  const respond = variants.map((settings) => {
    const reader = openTableReader(table.buffer);
    const responder = createResponder(reader, { settings, clock });
    const later = createResponder(reader, { settings: { ...settings, rateLimit: undefined }, clock }, [answerNotify]);
    const awake: Respond = (query, length, response, client) => {
      reader.enter();
      const answered = responder(query, length, response, { ...client, handOn: () => true });
      // Answers a handed-on query at once, instead of another thread.
      const result = answered === handedOn ? later(query, length, response, client) : answered;
      reader.leave();
      return result;
    };
    return { respond: awake, mayBeSilent: settings.rateLimit !== undefined };
  });
  return {
    respond,
    tableBytes: () => writer.touchedBytes,
    change: (random) => {
      // Time passes, up to 99 ms for each change, so that the rate limiter gets tokens back.
      clock.set(clock.seconds * 1_000 + random.below(100));
      if (random.chance(0.01)) replaceZone(writer, random);
      else changeName(writer, random);
    },
  };
}

function changeName(writer: TableWriter, random: Random): void {
  const zone = writer.servedZone(parseName('example'));
  if (zone === undefined) throw new Error('example is always served');
  const name = parseName(`${random.pick(changing)}.example`);
  if (random.chance(0.3)) writer.deleteNode(zone, name);
  else writer.putNode(zone, name, random.pick(contents), 1 as Revision);
}

/** Withdraws the zone `b.sub.example`, or publishes it again. */
function replaceZone(writer: TableWriter, random: Random): void {
  const old = writer.servedZone(parseName('b.sub.example'));
  if (old !== undefined && random.chance(0.5)) writer.withdrawZone(old);
  else
    writeZones(writer, '$ZONE b.sub.example.\n*.b.sub.example. 60 CNAME a.example.\nx.b.sub.example. 60 NS a.example.');
}
