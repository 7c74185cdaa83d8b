// The limits of audit events, on both stores with their default limits: no write fails because of its events, however
// large it is. Cited by src/control/transaction/audit/limit-events.ts, src/control/hosts/write-budget.ts.

import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { withinLimits } from '../../src/control/transaction/audit/limit-events.ts';
import { Batch } from '../../src/control/transaction/batch.ts';
import { type Decide, maxDecisionOperations } from '../../src/control/transaction/decision.ts';
import { TransactionBuilder } from '../../src/control/transaction/transaction-builder.ts';
import { Refusal } from '../../src/errors.ts';
import { type Address, parseAddress } from '../../src/model/address.ts';
import type { AddressRecord } from '../../src/model/allocation.ts';
import type { AuditEvent, AuditedDecision } from '../../src/model/audit-event.ts';
import { parseName } from '../../src/model/name.ts';
import { openEtcdStore } from '../../src/store/etcd.ts';
import { addressKey, addressValue } from '../../src/store/kinds/address.ts';
import { hostKey } from '../../src/store/kinds/host.ts';
import { maxOperations, type Operation, type Store } from '../../src/store/store.ts';
import { audit, eventsIn, outboxOf } from '../support/audit-trail.ts';
import { contextOf, embeddedStore, openReplica } from '../support/control-plane.ts';
import { etcdOrSkip } from '../support/etcd.ts';
import { type ServedApi, servedApi } from '../support/served-api.ts';

const stores: Record<string, (t: TestContext) => Promise<Store | undefined>> = {
  'the embedded store': embeddedStore,
  'an etcd with its default limits': async (t) => {
    const etcd = await etcdOrSkip(t);
    if (etcd === undefined) return undefined;
    t.after(() => etcd.close());
    const store = await openEtcdStore({ endpoints: [etcd.endpoint], prefix: '/zonewright/v1' });
    t.after(() => store.close());
    return store;
  },
};

const octetsOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));
const actor = { kind: 'token', id: 't', name: 't' } as const;
const sha256 = (fields: unknown) => ({ sha256: createHash('sha256').update(JSON.stringify(fields)).digest('hex') });
function eventOf(octets: number, name = 'p'): AuditEvent {
  const after = { description: 'é'.repeat(octets / 2) };
  return { resource: 'pool', action: 'created', name, before: null, after };
}
const decisionOf = (...events: AuditEvent[]): AuditedDecision => ({ actor, events, uses: [] });
const limited = (...events: AuditEvent[]): AuditedDecision => JSON.parse(withinLimits(decisionOf(...events)));

test('an event of more than 64 KiB has digests in place of its fields, a smaller one is unchanged', () => {
  const [small, large] = [eventOf(63 * 1024), eventOf(65 * 1024)];
  assert.deepEqual(limited(small), decisionOf(small));
  assert.deepEqual(limited(small, large).events, [small, { ...large, after: sha256(large.after), digest: true }]);
  const change: AuditEvent = { ...large, action: 'changed', before: { description: '' } };
  assert.deepEqual(limited(change).events[0]?.before, sha256({ description: '' }));
});

test('if events are too large together, the largest of them have digests, and no more of them than needed', () => {
  const events = Array.from({ length: 127 }, (_, n) => eventOf(n * 300, `p${n}`));
  const decision = limited(...events);
  const digests = decision.events.flatMap(({ digest }, n) => (digest ? [n] : []));
  const first = digests[0] as number;
  assert.deepEqual(
    digests,
    events.map((_, n) => n).filter((n) => n >= first),
  );
  const octets = octetsOf(decision.events);
  assert.ok(octets <= 256 * 1024, `${octets}`);
  assert.ok(octets + octetsOf(events[first]) > 256 * 1024, 'one of the digests was not needed');
});

test('requests with large events do not share a transaction', async (t) => {
  const { views } = await openReplica(t, await embeddedStore(t));
  const decide = (name: string): Decide<unknown> => {
    return (context) => new TransactionBuilder(context).deleteUnchecked(hostKey(parseName(name))).build(0);
  };
  const sharing = (audits: typeof audit | undefined) => {
    const batch = new Batch<number>(audits);
    let added = 0;
    while (added < 100) {
      const decision = decide(`h${added}`)(contextOf(views));
      (decision.audited as AuditedDecision).events.push(eventOf(60 * 1024));
      if (!batch.add(added, decision)) break;
      added += 1;
    }
    return added;
  };
  assert.equal(sharing(undefined), 100);
  assert.equal(sharing(audit), 4);
});

const file = { 'content-type': 'application/json' };

for (const [where, open] of Object.entries(stores)) {
  test(`the largest PATCH of RRsets fits, with its events, into a transaction of ${where}`, async (t) => {
    const store = await open(t);
    if (store === undefined) return;
    const { api } = await servedApi(t, { store, audit });
    const label = (n: number) => `${n}`.padEnd(60, 'x');
    const zoneName = [1, 2].map(label).join('.');
    await api.ok(201, 'POST', '/v1/zones', { name: zoneName });
    const changes = (text: string, count: number) =>
      JSON.stringify(
        Array.from({ length: 100 }, (_, n) => {
          const records = Array.from({ length: count }, (_, r) => `"${`${r}`.padEnd(250, text)}"`);
          return { name: `${label(n)}.${label(0)}`, type: 'TXT', records };
        }),
      );
    for (const text of ['a', 'b']) {
      const path = `/v1/zones/${zoneName}/rrsets`;
      assert.equal((await api.send('PATCH', path, changes(text, 40), file)).status, 413, 'the limit has grown');
      const answer = await api.send('PATCH', path, changes(text, 29), file);
      assert.equal(answer.status, 200, answer.text.slice(0, 200));
    }
    const [, created, changed] = await outboxOf(store);
    for (const entry of [created, changed]) {
      const [{ events } = decisionOf()] = entry?.decisions ?? [];
      assert.equal(events.length, 100);
      assert.ok(events.some(({ digest }) => digest) && events.some(({ digest }) => digest === undefined));
      assert.ok(octetsOf(events) < 256 * 1024);
    }
  });

  test(`a decision may have ${maxDecisionOperations} operations on ${where}, which leaves one for the events`, async (t) => {
    const store = await open(t);
    if (store === undefined) return;
    const { attempt } = await openReplica(t, store, undefined, audit);
    const deletions = (count: number): Decide<unknown> => {
      return (context) => {
        const builder = new TransactionBuilder(context);
        for (let n = 0; n < count; n += 1) builder.deleteUnchecked(hostKey(parseName(`h${n}`)));
        return builder.build(undefined);
      };
    };
    assert.equal(maxDecisionOperations, maxOperations - 1);
    const refused = await attempt(deletions(maxOperations));
    assert.ok(refused instanceof Refusal && refused.code === 'payload_too_large');
    const done = await attempt(deletions(maxDecisionOperations));
    assert.ok(!(done instanceof Refusal), String(done));
    assert.equal((await eventsIn(store)).length, maxDecisionOperations);
  });

  test(`an address that thousands share can be released for all or most of them, and by deleting its pool, on ${where}`, {
    timeout: 120_000,
  }, async (t) => {
    const store = await open(t);
    if (store === undefined) return;
    const served = await servedApi(t, { store, audit });
    const { api } = served;
    await api.ok(201, 'POST', '/v1/pools', { name: long, ranges: ['2001:db8:aaaa:bbbb:cccc:dddd::/120'], space: long });
    const count = await crowd(served, [1, 2, 3, 4].map(addressOf));
    const most = Math.ceil((count * 2) / 3);
    const uses = async () => (await outboxOf(store)).flatMap(({ decisions }) => decisions.flatMap((one) => one.uses));
    await api.ok(204, 'DELETE', `/v1/addresses/${addressOf(1)}?space=${long}`);
    assert.equal((await uses()).length, count);
    await api.ok(204, 'DELETE', `/v1/addresses/${addressOf(2)}?space=${long}&owner=most`);
    assert.equal((await uses()).length, count + most);
    const [, all, some] = await eventsIn(store);
    assert.deepEqual([all?.digest, some?.digest], [true, true]);
    await api.ok(200, 'DELETE', `/v1/pools/${long}?force=true`);
    assert.equal((await uses()).length, 4 * count);
    assert.equal(new Set((await uses()).map(({ address, holder }) => `${address} ${holder}`)).size, 4 * count);
  });
}

const long = 'x'.repeat(63);
const addressOf = (n: number) => parseAddress(`2001:db8:aaaa:bbbb:cccc:dddd:0:${n}`);

/**
 * Writes addresses into the store. Each is held by as many allocations as fit into one value. Two of three allocations
 * have the owner `most`. Returns how many hold one address.
 */
async function crowd({ store, views }: ServedApi, addresses: Address[]): Promise<number> {
  const recordOf = (address: Address, count: number): AddressRecord => ({
    address,
    space: long,
    givenBy: long,
    state: 'held',
    holders: Array.from({ length: count }, (_, n) => ({
      kind: 'allocation',
      id: randomUUID(),
      owner: n % 3 === 2 ? '' : 'most',
      sharingKey: 'k',
      ports: [{ protocol: 'tcp', port: n + 1 }],
    })),
    since: '2026-01-01T00:00:00.000Z',
  });
  const count = Math.floor((768 * 1024) / (octetsOf(recordOf(addressOf(1), 1000)) / 1000));
  for (const address of addresses) {
    const value = addressValue.encode(recordOf(address, count));
    const operations: Operation[] = [{ kind: 'put', key: addressKey(long, address), value }];
    await views.reached((await store.commit({ compares: [], operations })).revision);
  }
  return count;
}
