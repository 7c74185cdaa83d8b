// Serves the API over a real store and real views, without DNS. It starts fast, so each test can have its own.
// started-app.ts starts the whole application.

import { type Logger, pino } from 'pino';
import type { Registry } from 'prom-client';
import { BackupSpool } from '../../src/backup/backup-spool.ts';
import { startHousekeeping } from '../../src/control/housekeeping.ts';
import { RefusedAttempts } from '../../src/control/tokens/refused-attempts.ts';
import { TokenActivity } from '../../src/control/tokens/token-activity.ts';
import type { Audit } from '../../src/control/transaction/batch.ts';
import type { Certificate } from '../../src/dns/listen/certificate.ts';
import { LiveTargets } from '../../src/forwarding/live/live-targets.ts';
import { type ConnectionLimits, connectionLimits } from '../../src/http/connections.ts';
import { createMetrics } from '../../src/http/metrics.ts';
import { createServer } from '../../src/http/server.ts';
import type { Services } from '../../src/http/services.ts';
import type { Store } from '../../src/store/store.ts';
import { type Api, adminToken, apiAt } from './api-client.ts';
import { audit as testAudit } from './audit-trail.ts';
import { type ControlPlane, embeddedStore, openReplica } from './control-plane.ts';
import { storeDump } from './store-dump.ts';
import { type Cleanup, temporaryFolder } from './temporary.ts';
import { startTestLedger } from './test-ledger.ts';

export interface ServedApi extends ControlPlane {
  readonly metrics: Registry;
  readonly api: Api;
  readonly url: string;
  dump(): Promise<Record<string, string>>;
}

interface ServedOptions {
  /** Default: a new embedded store. */
  store?: Store | undefined;
  limits?: Partial<ConnectionLimits>;
  /** Default: writes nothing. */
  logger?: Logger;
  certificate?: Certificate;
  /** Default: writes audit events only if `ledger` is true. */
  audit?: Audit;
  /** Keeps the audit events in a ledger of its own, which the API can ask. */
  ledger?: boolean;
  /** Lets zones have the field `skydns`. */
  skydnsPrefix?: string | undefined;
  /** Replacements for services of the replica. */
  services?: Partial<Services>;
}

export async function servedApi(
  test: Cleanup,
  {
    store,
    limits,
    logger = pino({ level: 'silent' }),
    certificate,
    ledger: hasLedger = false,
    audit = hasLedger ? testAudit : undefined,
    skydnsPrefix,
    services: others,
  }: ServedOptions = {},
): Promise<ServedApi> {
  const replica = await openReplica(test, store ?? (await embeddedStore(test)), logger, audit, skydnsPrefix);
  const { views, committer } = replica;
  const metrics = createMetrics({ views, line: replica.line, tableBytes: () => 0 });
  const activity = new TokenActivity();
  const refused = new RefusedAttempts();
  const ledger = hasLedger ? await startTestLedger(test, replica) : undefined;
  const folder = await temporaryFolder(test);
  const source = ledger === undefined ? ('off' as const) : { openCopy: () => ledger.openCopy(folder) };
  const made = { version: '0.0.0-test', store: 'embedded', ledger: source } as const;
  const backups = new BackupSpool({ store: replica.store, folder, made, logger });
  const own = { activity, refused, backups, ledger, metrics, targets: new LiveTargets(views) };
  const services = { ...replica, ...own, waitingFor: () => [], adminToken, ...others };
  const server = await createServer(services, {
    logger,
    version: '0.0.0-test',
    limits: { ...connectionLimits, ...limits },
    certificate,
  });
  const stopHousekeeping = startHousekeeping(views, committer, logger, activity, refused);
  test.after(async () => {
    stopHousekeeping();
    await server.close();
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  return { ...replica, metrics, api: apiAt(url, adminToken), url, dump: () => storeDump(replica.store) };
}
