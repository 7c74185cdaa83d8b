// A client keeps a copy of all resources that it may read, only from the stream of changes. After each request of a
// random history, the copy equals the lists that the client's token sees.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { TokenInput } from '../../src/control/tokens/token-input.ts';
import { Refusal } from '../../src/errors.ts';
import { beginning, type Command, commands } from '../control/commands.ts';
import { splitPool } from '../control/steps.ts';
import { type EventStream, openStream, type ShownMessage } from '../support/event-stream.ts';
import { type ServedApi, servedApi } from '../support/served-api.ts';
import { type Cleanup, inScope } from '../support/temporary.ts';
import { tokenFor } from '../support/tokens.ts';
import { until } from '../support/until.ts';

type Resource = Record<string, unknown>;

const scopes: Record<string, Partial<TokenInput>> = {
  all: {},
  zones: { zones: ['z', 'other', '10.in-addr.arpa'] as TokenInput['zones'] & object },
  pools: { pools: ['p', 'r'] },
  both: { zones: ['z', 's.z'] as TokenInput['zones'] & object, pools: ['p'] },
  owner: { owner: 'me' },
  all3: { zones: ['z', 'other'] as TokenInput['zones'] & object, pools: ['p', 'q'], owner: 'me' },
};

/** Ends the streams of the tokens that are limited to the pool. */
const split: Command = {
  what: 'split pool',
  toString: () => "the split of pool 'r'",
  decide: splitPool('r', 't', '192.0.2.6/31'),
};

/** Reads all pages of the list at this path. */
type List = (path: string) => Promise<Resource[]>;

/** The copy of a client. It handles each message as docs/api.md says. */
class Copy {
  readonly items = new Map<string, { resource: string; after: Resource }>();
  readonly #list: List;

  constructor(list: List) {
    this.#list = list;
  }

  async take({ changes }: ShownMessage): Promise<void> {
    for (const { resource, id, path, after } of changes) {
      // A renamed pool has another path.
      if (resource === 'pool') this.#drop((_, other, value) => other === 'pool' && value.id === id);
      if (after === null) this.items.delete(path);
      else this.items.set(path, { resource, after });
      // The records of a deleted zone are gone too.
      if (resource === 'zone' && after === null) this.#drop((other) => other.startsWith(`${path}/rrsets/`));
    }
    if (changes.some(({ resource }) => resource === 'pool')) await this.#readAddressesAgain();
  }

  /**
   * Reads hosts and allocations again after a change of a pool: the pools that they show change without a change of
   * their own.
   */
  async #readAddressesAgain(): Promise<void> {
    this.#drop((_, resource) => resource === 'host' || resource === 'allocation');
    for (const [path, item] of await readHostsAndAllocations(this.#list)) this.items.set(path, item);
  }

  #drop(isGone: (path: string, resource: string, value: Resource) => boolean): void {
    for (const [path, { resource, after }] of this.items) if (isGone(path, resource, after)) this.items.delete(path);
  }

  /** Returns all resources except managed RRsets: the stream tells those of a host only as a change of the host. */
  shown(): Record<string, Resource> {
    const own = [...this.items].filter(([, { after }]) => after.managedBy === undefined);
    return Object.fromEntries(own.map(([path, { after }]) => [path, after]).sort());
  }
}

/** A client with a token of its own: it follows all changes from the beginning. */
class Client {
  readonly name: string;
  readonly list: List;
  readonly copy: Copy;
  /** How many streams ended because a pool in the scope of the token was split. */
  ended = 0;
  readonly #token: string;
  readonly #served: ServedApi;
  readonly #cleanup: Cleanup;
  #stream: EventStream | undefined;
  #taken = 0;

  constructor(name: string, token: string, served: ServedApi, cleanup: Cleanup) {
    this.name = name;
    this.list = lister(served, token);
    this.copy = new Copy(this.list);
    this.#token = token;
    this.#served = served;
    this.#cleanup = cleanup;
  }

  /** Takes all changes that the replica serves. Returns the messages. Opens the stream again as docs/api.md says. */
  async follow(): Promise<ShownMessage[]> {
    const { revision } = this.#served.views;
    const told: ShownMessage[] = [];
    for (let lastEventId = '0'; ; ) {
      this.#stream ??= await openStream(this.#cleanup, this.#served.url, '/v1/watch', {
        token: this.#token,
        lastEventId,
      });
      const stream = this.#stream;
      const end = () => stream.events.find(({ event }) => event === 'end');
      await until(() => Number(stream.lastId) >= revision || end() !== undefined, 'the stream does not go on');
      const ending = end();
      const messages = stream.messages().slice(this.#taken);
      this.#taken += messages.length;
      for (const message of messages) await this.copy.take(message);
      told.push(...messages);
      if (ending === undefined) return told;
      assert.equal(JSON.parse(ending.data).reason, 'unauthorized');
      this.ended += 1;
      lastEventId = stream.lastId;
      this.#stream = undefined;
      this.#taken = 0;
    }
  }
}

test('the copy of a client equals the lists that its token sees', { timeout: 600_000 }, async () => {
  const runs = Number(process.env.ZONEWRIGHT_TEST_HISTORIES ?? 5);
  const told = new Map<string, number>();
  const property = fc.asyncProperty(fc.array(commands, { minLength: 15, maxLength: 30, size: 'max' }), (history) =>
    inScope(async (cleanup) => {
      const limits = { heartbeatMilliseconds: 5, checkMilliseconds: 5, paceMilliseconds: 1 };
      const served = await servedApi(cleanup, { services: { followLimits: limits } });
      for (const decide of beginning) await served.commit(decide);
      await served.api.ok(201, 'POST', '/v1/pools', { name: 'q', ranges: ['192.0.2.0/30'] });
      await served.api.ok(201, 'POST', '/v1/pools', { name: 'r', ranges: ['192.0.2.4/30'] });
      // A host changes in each history, also if all random requests for hosts are refused.
      await served.api.ok(201, 'POST', '/v1/hosts', { name: 'first.z', owner: 'me', pool: 'r' });
      const clients = await Promise.all(
        Object.entries(scopes).map(async ([name, scope]) => {
          const { token } = await tokenFor(served, name, { role: 'viewer', ...scope });
          return new Client(name, token, served, cleanup);
        }),
      );
      for (const command of [undefined, split, ...history]) {
        const outcome = command && (await served.attempt(command.decide));
        if (outcome instanceof Refusal) continue;
        for (const client of clients) {
          for (const message of await client.follow()) {
            for (const { resource } of message.changes)
              for (const what of [client.name, resource]) told.set(what, (told.get(what) ?? 0) + 1);
          }
          assert.deepEqual(client.copy.shown(), await readAll(client.list), `${client.name} after ${command}`);
        }
      }
      const limited = clients.filter(({ name }) => scopes[name]?.pools?.includes('r'));
      assert.ok(limited.length > 0 && limited.every(({ ended }) => ended > 0));
      for (const { name, ended } of clients) assert.ok(ended === 0 || scopes[name]?.pools !== undefined, name);
    }),
  );
  await fc.assert(property, { numRuns: runs, endOnFailure: true });
  for (const name of Object.keys(scopes)) assert.ok((told.get(name) ?? 0) > 0, `${name} was told no change`);
  for (const resource of ['host', 'pool', 'zone'])
    assert.ok((told.get(resource) ?? 0) > 0, `nobody was told of a ${resource}`);
});

function lister({ url }: ServedApi, token: string): List {
  return async (path) => {
    const answer = await fetch(`${url}${path}?limit=1000&total=true`, {
      headers: { authorization: `Bearer ${token}` },
    });
    assert.equal(answer.status, 200, path);
    const { items, total, nextCursor } = (await answer.json()) as {
      items: Resource[];
      total: number;
      nextCursor: string | null;
    };
    assert.deepEqual([nextCursor, total], [null, items.length]);
    return items;
  };
}

type Items = Map<string, { resource: string; after: Resource }>;

async function readHostsAndAllocations(list: List): Promise<Items> {
  const items: Items = new Map();
  for (const host of await list('/v1/hosts'))
    items.set(`/v1/hosts/${encodeURIComponent(String(host.name))}`, { resource: 'host', after: host });
  for (const pool of await list('/v1/pools')) {
    for (const one of await list(`/v1/pools/${pool.name}/allocations`)) {
      if (!(one.holders as Resource[]).some(({ kind }) => kind === 'allocation')) continue;
      const space = one.space === 'default' ? '' : `?space=${one.space}`;
      items.set(`/v1/addresses/${one.address}${space}`, { resource: 'allocation', after: one });
    }
  }
  return items;
}

/** Reads all lists. Returns the resources by path, without the fields that other requests change too. */
async function readAll(list: List): Promise<Record<string, Resource>> {
  const items = [...(await readHostsAndAllocations(list))].map(([path, { after }]) => [path, after] as const);
  for (const { usage: _, ...pool } of await list('/v1/pools')) items.push([`/v1/pools/${pool.name}`, pool]);
  for (const { serial: _, ...zone } of await list('/v1/zones')) {
    const path = `/v1/zones/${zone.name}`;
    items.push([path, zone]);
    for (const rrset of await list(`${path}/rrsets`)) {
      if (rrset.managedBy !== undefined) continue;
      items.push([`${path}/rrsets/${encodeURIComponent(String(rrset.name)).replace('%40', '@')}/${rrset.type}`, rrset]);
    }
  }
  return Object.fromEntries(items.sort());
}
