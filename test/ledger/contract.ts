// The contract of every ledger. contract.test.ts runs it on SQLite and on PostgreSQL.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type AddressHold,
  type EventFilter,
  type Ledger,
  type LedgerPage,
  maxIndex,
  type OutboxRow,
  type PageWanted,
} from '../../src/ledger/ledger.ts';
import type { AddressUse, AuditActor, AuditEvent } from '../../src/model/audit-event.ts';
import { InvalidValue } from '../../src/model/invalid-value.ts';
import { timestamp } from '../../src/model/timestamp.ts';
import { outboxValue } from '../../src/store/kinds/outbox.ts';
import type { Cleanup } from '../support/temporary.ts';

interface LedgerChoice {
  name: string;
  skip: string | false;
  /** Opens a new ledger. `again` opens the same ledger once more. */
  open(test: Cleanup): Promise<{ ledger: Ledger; again: () => Ledger }>;
}

const second = 1000;
const hour = 3600 * second;
const day = 24 * hour;
const start = Date.parse('2026-03-01T00:00:00Z');

export const admin: AuditActor = { kind: 'token', id: '01J', name: 'admin' };
const housekeeping: AuditActor = { kind: 'system', id: 'housekeeping', name: 'housekeeping' };

type Decided = { actor?: AuditActor; events?: AuditEvent[]; uses?: AddressUse[] };

/** Returns a row of the outbox with these decisions. */
export function outboxRow(revision: number, at: number, decided: Decided, ...more: Decided[]): OutboxRow {
  const decisions = [decided, ...more].map(({ actor = admin, events = [], uses = [] }) => ({ actor, events, uses }));
  const value = outboxValue.encode({ at: timestamp(at), replica: 'a', decisions });
  return { key: `outbox/${revision}`, revision, value };
}

export function created(name: string, resource: AuditEvent['resource'] = 'host'): AuditEvent {
  return { resource, action: 'created', name, before: null, after: { name } };
}

export function use(
  action: AddressUse['action'],
  holder: string,
  address = '10.2.1.74',
  space = 'default',
): AddressUse {
  return { space, address, action, holder, owner: 'team', pool: 'lan' };
}

function lostEnd(from: number, until: number) {
  return { what: 'end', from: timestamp(from), until: timestamp(until) };
}

/** Reads all pages. Asserts that each page except the last one is full. */
async function allPages<T>(read: (page: PageWanted) => Promise<LedgerPage<T>>, limit: number): Promise<T[]> {
  const all: T[] = [];
  for (let before: string | undefined; ; ) {
    const { items, next } = await read({ limit, before });
    all.push(...items);
    if (next === undefined) return all;
    assert.equal(items.length, limit);
    before = next;
  }
}

export function testLedger({ name, skip, open }: LedgerChoice): void {
  const check = (title: string, run: (ledger: Ledger, again: () => Ledger) => Promise<void>) =>
    test(`${name}: ${title}`, { skip }, async (t) => {
      const { ledger, again } = await open(t);
      await run(ledger, again);
    });
  const idsOf = async (ledger: Ledger, filter: EventFilter, limit = 100) =>
    (await allPages((page) => ledger.listEvents(filter, page), limit)).map(({ id }) => id);

  check('an event comes back as it was told', async (ledger) => {
    const actor = { ...admin, from: '192.0.2.1', requestId: 'r-1', request: 'PATCH /v1/hosts/ü.example' };
    const before = { ttl: 300, tags: { z: '1', a: '2' }, records: ['"\\000"'] };
    const event: AuditEvent = { resource: 'host', action: 'changed', name: 'ü.example', before, after: { ttl: null } };
    const digested: AuditEvent = { ...event, action: 'imported', before: null, after: null, digest: true };
    await ledger.append([outboxRow(7, start + 1, { actor, events: [event, digested] })]);
    const { items, next } = await ledger.listEvents({}, { limit: 10 });
    assert.equal(next, undefined);
    const common = { revision: 7, at: '2026-03-01T00:00:00.001Z', resource: 'host', name: 'ü.example', replica: 'a' };
    assert.deepEqual(items, [
      { ...common, id: '7-1', action: 'imported', actor, before: null, after: null, digest: true },
      { ...common, id: '7-0', action: 'changed', actor, before, after: { ttl: null }, digest: false },
    ]);
    // The order of fields is kept too.
    assert.equal(JSON.stringify(items[1]?.before), JSON.stringify(before));
  });

  check(
    'rows that are appended again change nothing, also in part, in another order and together with new rows',
    async (ledger) => {
      const rows = [1, 2, 3].map((n) =>
        outboxRow(n, start + n, { events: [created(`h${n}.example`)], uses: [use('taken', `host:h${n}`)] }),
      );
      await ledger.append(rows.slice(0, 2));
      await Promise.all([ledger.append(rows.toReversed()), ledger.append(rows)]);
      assert.deepEqual(await idsOf(ledger, {}), ['3-0', '2-0', '1-0']);
      const holds = await ledger.addressHistory({ space: 'default', address: '10.2.1.74' }, { limit: 10 });
      assert.equal(holds.items.length, 3);
    },
  );

  check('a row that cannot be read is named, and the others are kept', async (ledger) => {
    const good = outboxRow(2, start, { events: [created('a.example')] });
    const broken = ['{', '{"v":1}', outboxValue.encode({ at: 'soon', replica: 'a', decisions: [] })];
    const rows = broken.map((value, index) => ({ key: `outbox/broken${index}`, revision: 10 + index, value }));
    const many = outboxRow(20, start, { events: Array.from({ length: maxIndex + 2 }, () => created('a.example')) });
    assert.throws(() => outboxValue.decode('{'), InvalidValue);
    assert.deepEqual(await ledger.append([...rows, good, many]), [...rows.map(({ key }) => key), many.key]);
    assert.deepEqual(await idsOf(ledger, {}), ['2-0']);
  });

  check('the events of a restored store keep their ids', async (ledger) => {
    const [row] = [outboxRow(7, start, { events: [created('a.example')] })];
    await ledger.append([row]);
    const restored = outboxValue.encode({ ...outboxValue.decode(row.value), revision: 7 });
    await ledger.append([{ ...row, revision: 1007, value: restored }]);
    assert.deepEqual(await idsOf(ledger, {}), ['7-0']);
  });

  check('texts that a database cannot store do not stop the others', async (ledger) => {
    const actor = { ...admin, name: 'a\0b\ud800' };
    const event = { ...created('a.example'), after: { text: '\0 \ud800' } };
    await ledger.append([outboxRow(1, start, { actor, events: [event] })]);
    const [found] = (await ledger.listEvents({}, { limit: 1 })).items;
    assert.equal(found?.actor.name, 'a\ufffdb\ufffd');
    assert.deepEqual(found?.after, { text: '\0 \ud800' });
  });

  check('a page ends before its limit when its events are large, and the next one continues', async (ledger) => {
    const large = { ...created('a.example'), after: { records: ['x'.repeat(60_000)] } };
    await ledger.append(Array.from({ length: 40 }, (_, n) => outboxRow(n + 1, start + n, { events: [large] })));
    const sizes: number[] = [];
    const revisions: number[] = [];
    for (let before: string | undefined, isMore = true; isMore; ) {
      const { items, next } = await ledger.listEvents({}, { limit: 30, before });
      sizes.push(items.length);
      revisions.push(...items.map(({ revision }) => revision));
      before = next;
      isMore = next !== undefined;
    }
    assert.deepEqual(sizes, [17, 17, 6]);
    assert.deepEqual(
      revisions,
      Array.from({ length: 40 }, (_, n) => 40 - n),
    );
  });

  check('a page has more events than are read at once', async (ledger) => {
    const rows = Array.from({ length: 250 }, (_, n) => outboxRow(n + 1, start + n, { events: [created('a.example')] }));
    await ledger.append(rows);
    const revisionsOf = async (page: PageWanted) => {
      const { items, next } = await ledger.listEvents({}, page);
      return [items.length, items[0]?.revision, items.at(-1)?.revision, next];
    };
    assert.deepEqual(await revisionsOf({ limit: 249 }), [249, 250, 2, '2-0']);
    assert.deepEqual(await revisionsOf({ limit: 250 }), [250, 250, 1, undefined]);
    assert.deepEqual(await revisionsOf({ limit: 1000 }), [250, 250, 1, undefined]);
    assert.deepEqual(await revisionsOf({ limit: 100 }), [100, 250, 151, '151-0']);
    assert.deepEqual(await revisionsOf({ limit: 100, before: '101-0' }), [100, 100, 1, undefined]);
  });

  check('each filter finds its events, alone and with others, page by page', async (ledger) => {
    const rows = Array.from({ length: 40 }, (_, n) =>
      outboxRow(n + 1, start + n * 10 * 60 * second, {
        actor: n % 10 === 0 ? housekeeping : admin,
        events: [
          { ...created(n % 2 === 0 ? 'a.example' : `h${n}.example`), action: n % 5 === 0 ? 'deleted' : 'created' },
          ...(n % 8 === 0 ? [created('a.example', 'zone')] : []),
        ],
      }),
    );
    await ledger.append(rows);
    const all = (await allPages((page) => ledger.listEvents({}, page), 7)).map((event) => event);
    assert.equal(all.length, 45);
    const filters: EventFilter[] = [
      { name: 'a.example' },
      { name: 'a.example', resource: 'zone' },
      { resource: 'zone' },
      { resource: 'token' },
      { action: 'deleted' },
      { actor: 'housekeeping' },
      { actor: '01J', name: 'a.example', action: 'deleted' },
      { since: start + 2 * hour },
      { until: start + 2 * hour },
      { since: start + hour, until: start + hour + 1, resource: 'host' },
      { since: start + 90 * 60 * second, until: start + 3 * hour, name: 'a.example' },
      { since: start + 1000 * hour },
      { until: start },
    ];
    for (const filter of filters) {
      const wanted = all.filter(
        (one) =>
          (filter.resource ?? one.resource) === one.resource &&
          (filter.action ?? one.action) === one.action &&
          (filter.name ?? one.name) === one.name &&
          (filter.actor ?? one.actor.id) === one.actor.id &&
          Date.parse(one.at) >= (filter.since ?? 0) &&
          Date.parse(one.at) < (filter.until ?? Number.POSITIVE_INFINITY),
      );
      const ids = wanted.map(({ id }) => id);
      assert.deepEqual(await idsOf(ledger, filter, 3), ids, JSON.stringify(filter));
    }
  });

  check(
    'a time range is exact although the clocks of replicas differ, and its order is that of revisions',
    async (ledger) => {
      // Revision 3 comes from a replica whose clock is a day late, revision 5 from one that is a year ahead.
      const times = [start, start + hour, start - day, start + 2 * hour, start + 365 * day, start + 3 * hour];
      await ledger.append(times.map((at, n) => outboxRow(n + 1, at, { events: [created('a.example')] })));
      assert.deepEqual(await idsOf(ledger, { until: start + hour }, 1), ['3-0', '1-0']);
      assert.deepEqual(await idsOf(ledger, { since: start + hour }, 1), ['6-0', '5-0', '4-0', '2-0']);
      assert.deepEqual(await idsOf(ledger, { since: start - 2 * day, until: start }, 1), ['3-0']);
      assert.deepEqual(await idsOf(ledger, { since: start, until: start + 3 * hour }, 2), ['4-0', '2-0', '1-0']);
    },
  );

  check('what is new does not move the pages of a list', async (ledger) => {
    await ledger.append([1, 2, 3, 4].map((n) => outboxRow(n, start, { events: [created(`h${n}.example`)] })));
    const first = await ledger.listEvents({}, { limit: 2 });
    await ledger.append([outboxRow(5, start, { events: [created('h5.example')] })]);
    const second = await ledger.listEvents({}, { limit: 2, before: first.next });
    assert.deepEqual(
      [...first.items, ...second.items].map(({ id }) => id),
      ['4-0', '3-0', '2-0', '1-0'],
    );
    assert.equal(second.next, undefined);
  });

  check('who had an address at a time, also when it was shared, given back and taken again', async (ledger) => {
    const rows = [
      outboxRow(1, start, { uses: [use('taken', 'host:a')] }),
      outboxRow(2, start + day, { uses: [use('released', 'host:a')] }),
      outboxRow(3, start + 2 * day, { uses: [use('taken', 'allocation:x')] }),
      outboxRow(4, start + 3 * day, { uses: [use('taken', 'host:a'), use('taken', 'host:b', '10.2.1.75')] }),
      // One transaction moves the address from one holder to another.
      outboxRow(5, start + 4 * day, { uses: [use('released', 'allocation:x'), use('taken', 'allocation:y')] }),
      outboxRow(6, start + 5 * day, { uses: [use('taken', 'host:c', '10.2.1.74', 'lab')] }),
    ];
    // The order in which rows arrive does not matter.
    for (const row of [rows[4], rows[0], rows[5], rows[3], rows[1], rows[2]]) await ledger.append([row!]);
    const hadAt = async (at: number, space = 'default') =>
      (await ledger.addressHistory({ space, address: '10.2.1.74', since: at, until: at }, { limit: 10 })).items.map(
        ({ holder }) => holder,
      );
    assert.deepEqual(await hadAt(start - 1), []);
    assert.deepEqual(await hadAt(start), ['host:a']);
    assert.deepEqual(await hadAt(start + day), [], 'the time of the end counts as part of the hold');
    assert.deepEqual(await hadAt(start + 2.5 * day), ['allocation:x']);
    assert.deepEqual(await hadAt(start + 3.5 * day), ['host:a', 'allocation:x']);
    assert.deepEqual(await hadAt(start + 400 * day), ['allocation:y', 'host:a']);
    assert.deepEqual(await hadAt(start + 400 * day, 'lab'), ['host:c']);
    const filter = { space: 'default', address: '10.2.1.74' };
    const holds = await allPages((page) => ledger.addressHistory(filter, page), 2);
    assert.deepEqual(
      holds.map(({ holder, from, until }) => [holder, from, until]),
      [
        ['allocation:y', timestamp(start + 4 * day), null],
        ['host:a', timestamp(start + 3 * day), null],
        ['allocation:x', timestamp(start + 2 * day), timestamp(start + 4 * day)],
        ['host:a', timestamp(start), timestamp(start + day)],
      ],
    );
    assert.deepEqual([holds[0]?.owner, holds[0]?.pool], ['team', 'lan']);
  });

  check('an address that was taken before the ledger began has a hold without a beginning', async (ledger) => {
    const uses = [use('released', 'host:a')];
    await ledger.append([outboxRow(5, start, { uses }), outboxRow(6, start + day, { uses: [use('taken', 'host:a')] })]);
    const filter = { space: 'default', address: '10.2.1.74' };
    const { items } = await ledger.addressHistory(filter, { limit: 10 });
    assert.deepEqual(
      items.map(({ from, until }) => [from, until]),
      [
        [timestamp(start + day), null],
        [null, timestamp(start)],
      ],
    );
    assert.equal((await ledger.addressHistory({ ...filter, since: 0, until: 0 }, { limit: 10 })).items.length, 1);
  });

  check('where events were lost, a hold tells what is not known', async (ledger) => {
    const filter = { space: 'default', address: '10.2.1.74' };
    const gap = { first: 10, last: 20, from: timestamp(start + 10 * day), until: timestamp(start + 20 * day) };
    await ledger.append([
      outboxRow(1, start + day, { uses: [use('taken', 'host:ended'), use('taken', 'host:again')] }),
      outboxRow(2, start + 2 * day, { uses: [use('taken', 'host:kept'), use('taken', 'host:whole')] }),
      outboxRow(3, start + 3 * day, { uses: [use('taken', 'host:began'), use('taken', 'host:other-owner')] }),
      outboxRow(4, start + 4 * day, { uses: [use('released', 'host:began'), use('released', 'host:whole')] }),
      outboxRow(30, start + 30 * day, { uses: [use('taken', 'host:again'), use('released', 'host:began')] }),
      outboxRow(40, start + 40 * day, { uses: [use('released', 'host:again'), use('taken', 'host:late')] }),
    ]);
    const holders = [
      { holder: 'host:kept', owner: 'team', pool: 'lan' },
      { holder: 'host:new', owner: 'team', pool: 'lan' },
      { holder: 'host:other-owner', owner: 'other', pool: 'lan' },
    ];
    // The holders are those of revision 39. Newer holds are known only from the ledger.
    const now = { revision: 39, at: start + 50 * day, holders };
    const whole = { ...filter, gaps: [gap], now };
    const [from, until] = [gap.from, gap.until];
    const shown = (holds: AddressHold[]) =>
      Object.fromEntries(
        Map.groupBy(holds, ({ holder }) => holder)
          .entries()
          .map(([holder, all]) => [holder, all.map((hold) => [hold.from, hold.until, hold.lost])]),
      );
    const at = (days: number) => timestamp(start + days * day);
    assert.deepEqual(shown(await allPages((page) => ledger.addressHistory(whole, page), 100)), {
      'host:new': [[null, null, { what: 'beginning', from, until }]],
      'host:other-owner': [
        [from, null, { what: 'beginning', from, until }],
        [at(3), until, { what: 'end', from, until }],
      ],
      'host:late': [[at(40), null, undefined]],
      'host:again': [
        [at(30), at(40), undefined],
        [at(1), until, { what: 'end', from, until }],
      ],
      'host:began': [
        [from, at(30), { what: 'beginning', from, until }],
        [at(3), at(4), undefined],
      ],
      'host:kept': [[at(2), null, { what: 'break', from, until }]],
      'host:whole': [[at(2), at(4), undefined]],
      'host:ended': [[at(1), until, { what: 'end', from, until }]],
    });
    assert.equal((await allPages((page) => ledger.addressHistory(whole, page), 3)).length, 11);
    const hadAt = async (days: number) => {
      const range = { since: start + days * day, until: start + days * day };
      return (await ledger.addressHistory({ ...whole, ...range }, { limit: 100 })).items
        .map(({ holder }) => holder)
        .sort();
    };
    assert.deepEqual(await hadAt(25), ['host:began', 'host:kept', 'host:new', 'host:other-owner']);
    assert.deepEqual(await hadAt(5), ['host:again', 'host:ended', 'host:kept', 'host:new', 'host:other-owner']);
    // If the current holders are not known, a hold that is open may have ended.
    const open = shown((await ledger.addressHistory({ ...filter, gaps: [gap] }, { limit: 100 })).items);
    assert.deepEqual(open['host:ended'], [[at(1), null, { what: 'break', from, until }]]);
    assert.equal(open['host:new'], undefined);
  });

  check('a hold whose end nobody noted has ended before now, or before it begins again', async (ledger) => {
    const filter = { space: 'default', address: '10.2.1.74' };
    await ledger.append([
      outboxRow(1, start, { uses: [use('taken', 'host:a'), use('taken', 'host:b')] }),
      outboxRow(2, start + day, { uses: [use('taken', 'host:a')] }),
    ]);
    const now = { revision: 5, at: start + 2 * day, holders: [] };
    const { items } = await ledger.addressHistory({ ...filter, now }, { limit: 10 });
    assert.deepEqual(
      items.map(({ holder, from, until, lost }) => [holder, from, until, lost]),
      [
        ['host:a', timestamp(start + day), timestamp(now.at), lostEnd(start + day, now.at)],
        ['host:b', timestamp(start), timestamp(now.at), lostEnd(start, now.at)],
        ['host:a', timestamp(start), timestamp(start + day), lostEnd(start, start + day)],
      ],
    );
  });

  check('the usage of a pool in steps: levels last until they change, and peaks are not lost', async (ledger) => {
    const sample = (at: number, used: number, family: 'ipv4' | 'ipv6' = 'ipv4') => ({
      pool: 'lan',
      family,
      at: start + at,
      capacity: family === 'ipv4' ? 100 : 2 ** 64,
      used,
      recorded: 1,
      coolingDown: 2,
    });
    await ledger.appendSamples([
      sample(-hour, 10),
      sample(hour + 1, 90),
      sample(hour + 2, 20),
      sample(3 * hour, 30),
      sample(3 * hour, 5, 'ipv6'),
      { ...sample(hour, 99), pool: 'other' },
    ]);
    await ledger.appendSamples([sample(3 * hour, 77)]);
    const steps = await ledger.usage({ pool: 'lan', since: start, until: start + 4 * hour, step: hour });
    const level = (used: number, peak: number) => ({ capacity: 100, used, recorded: 1, coolingDown: 2, peak });
    assert.deepEqual(steps, [
      { at: timestamp(start), ipv4: level(10, 10) },
      { at: timestamp(start + hour), ipv4: level(20, 90) },
      { at: timestamp(start + 2 * hour), ipv4: level(20, 20) },
      { at: timestamp(start + 3 * hour), ipv4: level(30, 30), ipv6: { ...level(5, 5), capacity: 2 ** 64 } },
    ]);
    assert.deepEqual(await ledger.usage({ pool: 'none', since: start, until: start + hour, step: hour }), [
      { at: timestamp(start) },
    ]);
  });

  check('what is too old goes, in the hour; addresses that are held keep their beginning', async (ledger) => {
    const rows = [
      outboxRow(1, start, {
        events: [created('a.example')],
        uses: [use('taken', 'host:a'), use('taken', 'host:b', '10.2.1.75')],
      }),
      outboxRow(2, start + 1, { events: [created('b.example')], uses: [use('released', 'host:a')] }),
      outboxRow(3, start + 2, { uses: [use('taken', 'host:a')] }),
      outboxRow(4, start + day, { events: [created('c.example')], uses: [use('released', 'host:b', '10.2.1.75')] }),
    ];
    await ledger.append(rows);
    await ledger.appendSamples(
      [0, 2 * day].map((at) => ({
        pool: 'lan',
        family: 'ipv4' as const,
        at: start + at,
        capacity: 9,
        used: 1,
        recorded: 0,
        coolingDown: 0,
      })),
    );
    assert.equal(await ledger.retain({ before: start + hour }), 5);
    assert.deepEqual(await idsOf(ledger, {}), ['4-0']);
    const history = async (address: string) =>
      (await ledger.addressHistory({ space: 'default', address }, { limit: 10 })).items.map(({ from, until }) => [
        from,
        until,
      ]);
    assert.deepEqual(await history('10.2.1.74'), [[timestamp(start + 2), null]]);
    assert.deepEqual(await history('10.2.1.75'), [[timestamp(start), timestamp(start + day)]]);
    assert.equal(await ledger.retain({ before: start + hour }), 0);
  });

  check('what is too old goes although clocks were late, and what comes late is found', async (ledger) => {
    const times = [start, start + day, start - day, start + day, start - day];
    const row = (n: number, at: number) => outboxRow(n, at, { events: [created('a.example')] });
    await ledger.append(times.map((at, n) => row(n + 1, at)));
    assert.equal(await ledger.retain({ before: start + hour }), 3);
    assert.deepEqual(await idsOf(ledger, {}), ['4-0', '2-0']);
    assert.deepEqual(await idsOf(ledger, { until: start + hour }), []);
    await ledger.append([row(6, start), row(7, start - 400 * day)]);
    assert.deepEqual(await idsOf(ledger, { until: start + hour }), ['7-0', '6-0']);
    assert.deepEqual(await idsOf(ledger, { since: start - day, until: start + hour }), ['6-0']);
    assert.equal(await ledger.retain({ before: start + hour }), 2);
    assert.equal(await ledger.retain({ before: start + hour }), 0);
  });

  check('of too many events the newest are kept, in several pieces and beside writes', async (ledger) => {
    const rows = Array.from({ length: 2600 }, (_, n) =>
      outboxRow(n + 1, start, {
        events: [created(`h${n}.example`)],
        uses: [use(n % 2 === 0 ? 'taken' : 'released', 'host:a')],
      }),
    );
    await ledger.append(rows);
    const retained = ledger.retain({ maxEvents: 100 });
    const late = outboxRow(9000, start, { events: [created('late.example')] });
    await ledger.append([late]);
    assert.ok((await retained) >= 5000);
    await ledger.retain({ maxEvents: 100 });
    const ids = await idsOf(ledger, {});
    assert.equal(ids.length, 100);
    assert.deepEqual([ids[0], ids.at(-1)], ['9000-0', '2502-0']);
    const holds = await ledger.addressHistory({ space: 'default', address: '10.2.1.74' }, { limit: 100 });
    assert.equal(holds.items.length, 50);
    assert.ok(holds.items.every(({ from, until }) => from !== null && until !== null));
  });

  check('old samples are thinned out to the last of each hour', async (ledger) => {
    const at = [0, 1, hour - 1, hour, hour + 5, 3 * hour, 3 * hour + 1];
    await ledger.appendSamples(
      at.map((one, n) => ({
        pool: 'lan',
        family: 'ipv4' as const,
        at: start + one,
        capacity: 9,
        used: n,
        recorded: 0,
        coolingDown: 0,
      })),
    );
    assert.equal(await ledger.retain({ hourlyBefore: start + 3 * hour + 10 }), 3);
    const steps = await ledger.usage({ pool: 'lan', since: start, until: start + 4 * hour, step: hour });
    assert.deepEqual(
      steps.map(({ ipv4 }) => ipv4?.used),
      [2, 4, 4, 6],
    );
  });

  check('it stays the same ledger when it is opened again', async (ledger, again) => {
    const { id, isEmpty } = await ledger.identity();
    assert.ok(isEmpty);
    await ledger.append([outboxRow(1, start, { events: [created('a.example')] })]);
    await ledger.close();
    await assert.rejects(ledger.listEvents({}, { limit: 1 }), { name: 'LedgerUnavailable' });
    const reopened = again();
    assert.deepEqual(await reopened.identity(), { id, isEmpty: false });
    assert.deepEqual(await idsOf(reopened, {}), ['1-0']);
    await reopened.close();
  });
}
