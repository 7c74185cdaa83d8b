// What the routes are given to work with. Wired in app.ts.

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Registry } from 'prom-client';
import type { Committer } from '../control/transaction/commit.ts';
import type { OnceCommitter } from '../control/transaction/commit-once.ts';
import type { ImportMemory } from '../control/zone-file/import-memory.ts';
import type { Store } from '../store/store.ts';
import type { Views } from '../views/views.ts';

/** A resource's routes. */
export type Routes = FastifyPluginAsyncTypebox<Services>;

export interface Services {
  store: Store;
  views: Views;
  committer: Committer;
  once: OnceCommitter;
  importMemory: ImportMemory;
  metrics: Registry;
  /** What this replica still waits for before it serves; empty when it is ready. */
  waitingFor: () => string[];
  /** A token of the operator's own, accepted beside those in the store. */
  adminToken: string | undefined;
}
