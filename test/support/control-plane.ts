// A replica without HTTP and DNS: views that follow a store, and a committer. Several of them may share one store.

import type { Actor, TokenActor } from '../../src/control/access/actor.ts';
import { WaitingLine } from '../../src/control/addresses/waiting-line.ts';
import type { Audit } from '../../src/control/transaction/batch.ts';
import { Committer } from '../../src/control/transaction/commit.ts';
import { OnceCommitter } from '../../src/control/transaction/commit-once.ts';
import type { Committed, Decide, DecisionContext } from '../../src/control/transaction/decision.ts';
import { ImportMemory } from '../../src/control/zone-file/import-memory.ts';
import { decidePutZone } from '../../src/control/zones/put-zone.ts';
import { Refusal } from '../../src/errors.ts';
import type { Logger } from '../../src/model/logger.ts';
import type { Fqdn } from '../../src/model/name.ts';
import { allRights } from '../../src/model/rights.ts';
import { type Zone, zoneDefaults } from '../../src/model/zone.ts';
import { openEmbeddedStore } from '../../src/store/embedded.ts';
import type { Store } from '../../src/store/store.ts';
import { createTable } from '../../src/table/table.ts';
import { createTableWriter } from '../../src/table/writer.ts';
import { follow } from '../../src/views/follow.ts';
import { Views } from '../../src/views/views.ts';
import { type Cleanup, temporaryFolder } from './temporary.ts';

export interface ControlPlane {
  readonly store: Store;
  readonly views: Views;
  readonly committer: Committer;
  readonly once: OnceCommitter;
  readonly line: WaitingLine;
  readonly importMemory: ImportMemory;
  /** Commits as {@link testActor}; resolves with the result. */
  commit<T>(decide: Decide<T>): Promise<T>;
  /** Commits as {@link testActor}; resolves with the commit or its refusal, rejects with any other error. */
  attempt<T>(decide: Decide<T>): Promise<Committed<T> | Refusal>;
  close(): Promise<void>;
}

export const testActor: TokenActor = { kind: 'token', id: 'test', name: 'test', rights: allRights };

/** Returns the context of a decision that is alone in its transaction. */
export function contextOf(views: Views, actor: Actor = testActor): DecisionContext {
  return { actor, views, claimed: new Set<string>(), now: Date.now() };
}

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Returns the views of a replica, empty and not following a store. */
export function emptyViews(logger: Logger = silent, skydnsPrefix?: string): Views {
  const writer = createTableWriter(createTable({ bytes: 2 ** 24 }));
  return new Views(writer, () => ({ label: 'test', addresses: [] }), logger, skydnsPrefix);
}

/**
 * Starts a replica on this store; resolves when its views are loaded. Closing the replica leaves the store open.
 * Without `audit`, the replica writes no audit events. With `skydnsPrefix`, zones may have the field `skydns`, also on
 * an embedded store.
 */
export async function openReplica(
  test: Cleanup,
  store: Store,
  logger: Logger = silent,
  audit?: Audit,
  skydnsPrefix?: string,
): Promise<ControlPlane> {
  const views = emptyViews(logger, skydnsPrefix);
  const stopping = new AbortController();
  const following = follow(store, views, logger, stopping.signal);
  const line = new WaitingLine(views);
  const committer = new Committer(store, views, logger, audit, line);
  const close = async () => {
    line.close();
    stopping.abort();
    await following;
  };
  test.after(close);
  await views.whenLoaded();
  return {
    store,
    views,
    committer,
    line,
    once: new OnceCommitter(store, views, committer),
    importMemory: new ImportMemory(2 ** 28),
    commit: async (decide) => (await committer.commit(testActor, decide)).result,
    attempt: (decide) =>
      committer
        .commit(testActor, decide)
        .catch((error: unknown) => (error instanceof Refusal ? error : Promise.reject(error))),
    close,
  };
}

/** Opens a new embedded store in its own folder. The end of the test closes and removes it. */
export async function embeddedStore(test: Cleanup): Promise<Store> {
  const store = await openEmbeddedStore({ folder: await temporaryFolder(test) });
  test.after(() => store.close());
  return store;
}

/** Creates or replaces the zone. Settings that are left out have their defaults. */
export function putZone(name: Fqdn, settings: Partial<Zone> = {}): Decide<unknown> {
  const change = () => ({ name, ...zoneDefaults, ...settings });
  return (context) => decidePutZone(context, { name, precondition: {}, change });
}
