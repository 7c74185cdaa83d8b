// The parts of the process that routes use. app.ts wires them.

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Registry } from 'prom-client';
import type { BackupSpool } from '../backup/backup-spool.ts';
import type { RefusedAttempts } from '../control/tokens/refused-attempts.ts';
import type { TokenActivity } from '../control/tokens/token-activity.ts';
import type { Committer } from '../control/transaction/commit.ts';
import type { OnceCommitter } from '../control/transaction/commit-once.ts';
import type { ImportMemory } from '../control/zone-file/import-memory.ts';
import type { CachedAnswer } from '../forwarding/forwarders/cached-answer.ts';
import type { ForwarderState } from '../forwarding/forwarders/forward-request.ts';
import type { LiveTargets } from '../forwarding/live/live-targets.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import type { Fqdn } from '../model/name.ts';
import type { Store } from '../store/store.ts';
import type { Views } from '../views/views.ts';
import type { FollowLimits } from './watch/limits.ts';

/** A resource's routes. */
export type Routes = FastifyPluginAsyncTypebox<Services>;

/** What routes need of the ledger. */
export type LedgerReader = Pick<LedgerService, 'addressHistory' | 'read' | 'status'>;

/** What routes need of the thread that forwards. */
interface ForwarderStates {
  state(zone: Fqdn): Promise<ForwarderState | undefined>;
  /** Returns answers in the cache, or those for one name. */
  answers(zone: Fqdn, name: Fqdn | undefined): Promise<readonly CachedAnswer[]>;
  /** Removes the answers of one name, or all. */
  clear(zone: Fqdn, name: Fqdn | undefined): Promise<void>;
}

/** The services that every route can use. */
export interface Services {
  store: Store;
  views: Views;
  committer: Committer;
  once: OnceCommitter;
  importMemory: ImportMemory;
  backups: BackupSpool;
  activity: TokenActivity;
  refused: RefusedAttempts;
  targets: LiveTargets;
  /** Undefined: nothing is forwarded here. */
  forwarders?: ForwarderStates | undefined;
  /** Undefined: there is none. */
  ledger?: LedgerReader | undefined;
  metrics: Registry;
  /** Returns what the replica waits for before it is ready; empty if it is ready. */
  waitingFor: () => string[];
  /** The operator's token from the settings; accepted beside those in the store. */
  adminToken: string | undefined;
  /** Only tests set others than the default. */
  followLimits?: Partial<FollowLimits>;
  /** What needs no token: `health` is only /healthz, and /readyz without details. Default: `all` but /v1. */
  httpOpen?: 'health' | 'all';
  /** The requests a minute of each token of the store. Default: 0, no limit. */
  apiRateLimit?: number;
}
