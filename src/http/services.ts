// The parts of the process that routes use. app.ts creates them.

import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import type { Registry } from 'prom-client';
import type { BackupSpool } from '../backup/backup-spool.ts';
import type { WaitingLine } from '../control/addresses/waiting-line.ts';
import type { RefusedAttempts } from '../control/tokens/refused-attempts.ts';
import type { TokenActivity } from '../control/tokens/token-activity.ts';
import type { Committer } from '../control/transaction/commit.ts';
import type { OnceCommitter } from '../control/transaction/commit-once.ts';
import type { ImportMemory } from '../control/zone-file/import-memory.ts';
import type { CachedAnswer } from '../forwarding/forwarders/cached-answer.ts';
import type { ForwarderState } from '../forwarding/forwarders/forward-request.ts';
import type { LiveTargets } from '../forwarding/live/live-targets.ts';
import type { LedgerService } from '../ledger/ledger-service.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { Fqdn } from '../model/name.ts';
import type { Store } from '../store/store.ts';
import type { Views } from '../views/views.ts';
import type { FollowLimits } from './watch/limits.ts';

/** The routes of one resource. */
export type Routes = FastifyPluginAsyncTypebox<Services>;

/** The part of the ledger that routes use. */
export type LedgerReader = Pick<LedgerService, 'addressHistory' | 'read' | 'status'>;

/** The part of the forwarding thread that routes use. */
interface ForwarderStates {
  state(zone: Fqdn): Promise<ForwarderState | undefined>;
  /** Returns the answers in the cache for one name, or for all names. */
  answers(zone: Fqdn, name: Fqdn | undefined): Promise<readonly CachedAnswer[]>;
  /** Removes the answers for one name, or for all names, from the cache. */
  emptyCache(zone: Fqdn, name: Fqdn | undefined): Promise<void>;
}

/** The services that every route can use. */
export interface Services {
  store: Store;
  views: Views;
  committer: Committer;
  once: OnceCommitter;
  /** Those who wait for addresses. */
  line: WaitingLine;
  importMemory: ImportMemory;
  backups: BackupSpool;
  activity: TokenActivity;
  refused: RefusedAttempts;
  targets: LiveTargets;
  /** Undefined only in tests. */
  forwarders?: ForwarderStates | undefined;
  /** Returns whether DNS of this replica receives what is sent to an endpoint. Absent only in tests. */
  isListener?: (endpoint: Endpoint) => boolean;
  /** Undefined without a ledger. */
  ledger?: LedgerReader | undefined;
  metrics: Registry;
  /** Returns the things that the replica still waits for; empty if it is ready. */
  waitingFor: () => string[];
  /** The token that ZONEWRIGHT_ADMIN_TOKEN sets. Tokens of the store are accepted, too. */
  adminToken: string | undefined;
  /** Only tests set it. */
  followLimits?: Partial<FollowLimits>;
  /**
   * The paths that need no token. `health`: only /healthz, and /readyz without details. `all`, the default: all except
   * /v1.
   */
  httpOpen?: 'health' | 'all';
  /** The limit for the requests per minute with one token of the store. Default: 0, no limit. */
  apiRateLimit?: number;
}
