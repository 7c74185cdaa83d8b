// The order in which DNS sees the parts of one revision. A separate reader of the table asks after every single write
// to the table. Cited by src/views/serving-order.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Message } from 'dns-packet';
import { parseName } from '../../src/model/name.ts';
import { parseRecordType } from '../../src/model/rdata/record-types.ts';
import type { Revision } from '../../src/model/revision.ts';
import { zoneDefaults } from '../../src/model/zone.ts';
import { nameKey, nameValue } from '../../src/store/kinds/name.ts';
import { serialKey } from '../../src/store/kinds/serial.ts';
import { zoneKey, zoneValue } from '../../src/store/kinds/zone.ts';
import type { StoreEvent } from '../../src/store/store.ts';
import type { TableWriter } from '../../src/table/writer.ts';
import { Views } from '../../src/views/views.ts';
import { serve } from '../support/answers.ts';

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const [before, now] = [7 as Revision, 8 as Revision];

/**
 * The methods that change what readers of the table see. `stamp` is none of them: it marks nodes only for the writer.
 */
const writes = ['putNode', 'deleteNode', 'publishZone', 'withdrawZone', 'putSoa'] satisfies (keyof TableWriter)[];

/** Returns a table writer that calls `look` after each write. */
function watched(writer: TableWriter, look: () => void): TableWriter {
  return new Proxy(writer, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== 'function') return value;
      return (...input: unknown[]) => {
        const result: unknown = value.apply(target, input);
        if (writes.some((name) => name === property)) look();
        return result;
      };
    },
  });
}

/**
 * Returns the event that the words describe: `name TYPE record`, `name gone`, `name zone`, `name zone 2` (the zone's
 * second generation), `name zone gone`, `name serial`. A name that begins with `second.` is in the second generation,
 * other names are in the first. Names below `arpa` are in the zone `10.in-addr.arpa`, other names in the zone `z`.
 */
function event(change: string, revision: Revision): StoreEvent {
  const [owner, type = '', record = ''] = change.split(' ');
  const name = parseName(owner as string);
  const put = (key: string, value: string): StoreEvent => {
    return { kind: 'put', entry: { key, value, created: revision, modified: revision } };
  };
  if (type === 'serial') return put(serialKey(name), '');
  if (type === 'zone') {
    if (record === 'gone') return { kind: 'delete', key: zoneKey(name) };
    const nameservers = [parseName('ns.example')];
    return put(
      zoneKey(name),
      zoneValue.encode({ ...zoneDefaults, name, nameservers, generation: Number(record || 1) }),
    );
  }
  const generation = name.startsWith('second.') ? 2 : 1;
  const zone = parseName(name.endsWith('arpa') ? '10.in-addr.arpa' : 'z');
  const key = nameKey(zone, generation, name);
  if (type === 'gone') return { kind: 'delete', key };
  const rrset = { type: parseRecordType(type), ttl: 60, records: [record] };
  return put(key, nameValue.encode({ name, rrsets: [rrset] }));
}

const answersOf = ({ answers }: Message) => answers.map((record) => JSON.stringify('data' in record && record.data));

/**
 * Applies `given`, then `changes` as one revision. Before the first write of that revision and after each write, asks
 * all questions, and notes the keys of those that get the wanted answer. A question `name TYPE = text` wants an answer
 * with the text. A question `name TYPE` wants any rcode except REFUSED. Returns the notes, without those that equal the
 * note before them.
 */
function observeSteps(given: string[], changes: string[], questions: Record<string, string>): string[] {
  const { writer, ask } = serve('');
  const steps: string[] = [];
  let looking = false;
  const look = () => {
    if (!looking) return;
    const answered = Object.entries(questions).filter(([, question]) => {
      const [name, wanted] = question.split(' = ') as [string, string?];
      const message = ask(name);
      return wanted === undefined ? message.rcode !== 'REFUSED' : answersOf(message).join().includes(wanted);
    });
    const step = answered.map(([word]) => word).join(' ');
    if (step !== steps.at(-1)) steps.push(step);
  };
  const views = new Views(watched(writer, look), () => ({ label: 'test', addresses: [] }), silent);
  views.beginLoad();
  views.endLoad(1 as Revision);
  views.apply({ revision: before, events: given.map((change) => event(change, before)) });
  looking = true;
  look();
  views.apply({ revision: now, events: changes.map((change) => event(change, now)) });
  return steps;
}

/** Yields every rotation of the changes and of the reversed changes. */
function* orders(changes: string[]): Generator<string[]> {
  for (const some of [changes, changes.toReversed()]) {
    for (const start of changes.keys()) yield [...some.slice(start), ...some.slice(0, start)];
  }
}

const zones = ['z zone', '10.in-addr.arpa zone'];
const host = ['h.z A 10.0.0.1', '1.0.0.10.in-addr.arpa PTR h.z.', 'alias.z CNAME h.z.'];
const hostSeen = {
  address: 'h.z A = 10.0.0.1',
  ptr: '1.0.0.10.in-addr.arpa PTR = h.z',
  alias: 'alias.z CNAME = h.z',
};
const serials = { serial: `z SOA = "serial":${now}`, reverse: `10.in-addr.arpa SOA = "serial":${now}` };

interface Case {
  given: string[];
  changes: string[];
  questions: Record<string, string>;
  steps: string[];
}

const cases: Record<string, Case> = {
  'a new host appears: its addresses, then its PTR, then its aliases, the serial last': {
    given: zones,
    changes: [...host, 'z serial'],
    questions: { ...hostSeen, serial: serials.serial },
    steps: ['', 'address', 'address ptr', 'address ptr alias', 'address ptr alias serial'],
  },
  'a deleted host disappears: its aliases, then its PTR, then its addresses, the serial last': {
    given: [...zones, ...host],
    changes: ['h.z gone', '1.0.0.10.in-addr.arpa gone', 'alias.z gone', 'z serial'],
    questions: { ...hostSeen, serial: serials.serial },
    steps: ['address ptr alias', 'address ptr', 'address', '', 'serial'],
  },
  'a host is renamed, and at every step its PTR and its alias lead to a name that exists': {
    given: [...zones, ...host],
    changes: ['h.z gone', 'new.z A 10.0.0.1', '1.0.0.10.in-addr.arpa PTR new.z.', 'alias.z CNAME new.z.', 'z serial'],
    questions: {
      old: 'h.z A = 10.0.0.1',
      new: 'new.z A = 10.0.0.1',
      ptr: '1.0.0.10.in-addr.arpa PTR = new.z',
      alias: 'alias.z CNAME = new.z',
      serial: serials.serial,
    },
    steps: ['old', 'old new', 'old new ptr', 'old new ptr alias', 'new ptr alias', 'new ptr alias serial'],
  },
  'a new zone appears in one step': {
    given: [],
    changes: ['z zone', 'z serial', 'a.z A 10.0.0.1', 'b.z A 10.0.0.2', 'c.z CNAME a.z.'],
    questions: { zone: 'z SOA', a: 'a.z A = 10.0.0.1', b: 'b.z A = 10.0.0.2', c: 'c.z CNAME = a.z' },
    steps: ['', 'zone a b c'],
  },
  'a deleted zone disappears in one step': {
    given: ['z zone', 'a.z A 10.0.0.1', 'b.z A 10.0.0.2', 'c.z CNAME a.z.'],
    changes: ['z zone gone', 'a.z gone', 'b.z gone', 'c.z gone'],
    questions: { zone: 'z SOA', a: 'a.z A = 10.0.0.1', b: 'b.z A = 10.0.0.2', c: 'c.z CNAME = a.z' },
    steps: ['zone a b c', ''],
  },
  'a new reverse zone appears with its first PTR, after the aliases and addresses of the host in its other zone': {
    given: ['z zone'],
    changes: ['10.in-addr.arpa zone', '10.in-addr.arpa serial', 'z serial', ...host],
    questions: { ...hostSeen, ...serials },
    steps: ['', 'address', 'address alias', 'address ptr alias reverse', 'address ptr alias serial reverse'],
  },
  'the next generation of a zone replaces the current one in one step, with the names of the same transaction': {
    given: ['z zone', 'old.z A 10.0.0.1', 'second.z A 10.0.0.1'],
    changes: ['z zone 2', 'second.carried.z A 10.0.0.2', 'z serial'],
    questions: { old: 'old.z A = 10.0.0.1', next: 'second.z A = 10.0.0.1', carried: 'second.carried.z A = 10.0.0.2' },
    steps: ['old', 'next carried'],
  },
};

for (const [what, { given, changes, questions, steps }] of Object.entries(cases)) {
  test(what, () => {
    for (const order of orders(changes))
      assert.deepEqual(observeSteps(given, order, questions), steps, order.join(', '));
  });
}
