// Creates the parts of a replica (store, views, table, DNS, API) and connects them. No other file does that. Arguments,
// signals and the exit: main.ts.

import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getHeapStatistics } from 'node:v8';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { ensureAdminToken } from './admin-token.ts';
import { BackupSpool } from './backup/backup-spool.ts';
import type { LedgerSource } from './backup/ledger-copy.ts';
import { faultsOfFiles } from './check-files.ts';
import { advertisedEndpoints, isListener } from './cluster/advertised-endpoints.ts';
import { campaign } from './cluster/leadership.ts';
import { joinCluster } from './cluster/membership.ts';
import { type Config, ConfigFaults } from './config.ts';
import { WaitingLine } from './control/addresses/waiting-line.ts';
import { startHousekeeping } from './control/housekeeping.ts';
import { renumberingTask, startRenumberings } from './control/renumbering/run-renumberings.ts';
import { RefusedAttempts } from './control/tokens/refused-attempts.ts';
import { TokenActivity } from './control/tokens/token-activity.ts';
import { Committer } from './control/transaction/commit.ts';
import { OnceCommitter } from './control/transaction/commit-once.ts';
import { startCleaning } from './control/zone-file/clean-generations.ts';
import { ImportMemory } from './control/zone-file/import-memory.ts';
import type { CertificateFiles, KeptCertificate } from './dns/listen/certificate.ts';
import { type DnsServer, startDns } from './dns/listen/dns-server.ts';
import { unmapProgram } from './dns/listen/libc.ts';
import { listenError } from './dns/listen/listen-error.ts';
import { ForwarderService } from './forwarder-service.ts';
import { LiveTargets } from './forwarding/live/live-targets.ts';
import { useCertificate } from './http/api-tls.ts';
import {
  addCertificateMetric,
  addDnsMetrics,
  addForwarderMetrics,
  addLedgerMetrics,
  createMetrics,
} from './http/metrics.ts';
import { createServer } from './http/server.ts';
import { startSkydns } from './interop/skydns/skydns.ts';
import type { LedgerService } from './ledger/ledger-service.ts';
import { type Endpoint, formatEndpoint, isLoopback } from './model/endpoint.ts';
import { type Member, nameserverOf } from './model/member.ts';
import { messageOf } from './model/thrown.ts';
import { openStore } from './open-store.ts';
import { releaseMemory } from './release-memory.ts';
import { responseSettings } from './response-settings.ts';
import { offsetKey } from './store/kinds/offset.ts';
import { RestoreUnfinished, type Store } from './store/store.ts';
import { watchWrites } from './store/watch-writes.ts';
import { createTable } from './table/table.ts';
import { createTableWriter } from './table/writer.ts';
import { follow } from './views/follow.ts';
import { Views } from './views/views.ts';

export interface App {
  /** Resolves when the replica serves DNS, rejects if it cannot. The API answers earlier. */
  ready: Promise<void>;
  /** Finishes the requests that are being answered, then stops. */
  close(): Promise<void>;
}

export async function startApp(config: Config, logger: FastifyBaseLogger, version: string): Promise<App> {
  const { dataDir, dnsSecure, httpTls } = config;
  const faults = await faultsOfFiles({ dataDir, dns: dnsSecure?.certificate, api: httpTls }, true);
  if (faults.length > 0) throw new ConfigFaults(faults);
  logger.info({ version, node: process.versions.node, replica: config.replica, store: config.store }, 'starting');
  const stopping = new AbortController();
  const member = (dns = config.dns): Member => ({
    replica: config.replica,
    dns: advertisedEndpoints(config.advertise ?? [], dns).map(formatEndpoint),
  });
  const self = nameserverOf(member());

  const { store, takesWrites } = watchWrites(await openStore(config, logger), logger);
  const table = createTable();
  const tableWriter = createTableWriter(table);
  const skydnsPrefix = config.store === 'etcd' ? config.etcd.skydnsPrefix : undefined;
  const views = new Views(tableWriter, () => self, logger, skydnsPrefix);
  const following = follow(store, views, logger, stopping.signal);
  const audit = config.ledger.kind === 'off' ? undefined : { replica: config.replica };
  const line = new WaitingLine(views);
  const committer = new Committer(store, views, logger, audit, line);
  const once = new OnceCommitter(store, views, committer);
  const ledger = await openLedger(config, { store, views, logger });
  const activity = new TokenActivity();
  const refused = new RefusedAttempts();
  const stopHousekeeping = startHousekeeping(views, committer, logger, activity, refused);
  const stopCleaning = startCleaning(store, views, logger);
  const renumbering = campaign(store, logger, {
    task: renumberingTask,
    replica: config.replica,
    isReady: () => views.loaded && views.renumberings.size > 0,
    every: 1000,
  });
  const stopRenumberings = startRenumberings({ store, views, committer, logger }, renumbering.isLeader);
  let dns: DnsServer | undefined;
  const isOwnListener = (endpoint: Endpoint) =>
    isListener(endpoint, [...(dns?.addresses ?? config.dns), ...(dns?.tls ?? [])]);
  const stopSkydns =
    skydnsPrefix === undefined
      ? undefined
      : startSkydns(
          { store, views, committer, logger, prefix: skydnsPrefix, isListener: isOwnListener },
          config.replica,
        );

  let forwarders: ForwarderService | undefined;
  let leave: (() => Promise<void>) | undefined;
  let stopReleasing = () => {};
  const waitingFor = () => [
    ...(views.loaded ? [] : [`views from ${config.store}`]),
    ...(dns === undefined ? ['dns'] : []),
  ];
  // Imports may use half of the heap. The other half is for everything else, and for the garbage that an import makes.
  const importMemory = new ImportMemory(Math.floor(getHeapStatistics().heap_size_limit / 2));
  const metrics = createMetrics({ views, line, takesWrites, tableBytes: () => tableWriter.usedBytes });
  if (ledger !== undefined) addLedgerMetrics(metrics, () => ledger.status);
  const certificate = config.httpTls && (await openApiCertificate(config.httpTls, logger));
  const http = await createServer(
    {
      store,
      views,
      committer,
      once,
      line,
      importMemory,
      backups: new BackupSpool({
        store,
        folder: config.dataDir,
        made: { version, store: config.store, ledger: ledgerSource(config, ledger) },
        logger,
      }),
      activity,
      refused,
      targets: new LiveTargets(views),
      ledger,
      forwarders: {
        state: async (zone) => forwarders?.state(zone),
        answers: async (zone, name) => (await forwarders?.answers(zone, name)) ?? [],
        emptyCache: async (zone, name) => forwarders?.emptyCache(zone, name),
      },
      isListener: isOwnListener,
      metrics,
      waitingFor,
      adminToken: config.adminToken,
      httpOpen: config.httpOpen,
      apiRateLimit: config.apiRateLimit,
    },
    { logger, version, certificate: certificate?.current },
  );
  certificate?.watch((changed) => useCertificate(http, changed));

  async function close(): Promise<void> {
    certificate?.close();
    line.close();
    // Leaving and stopping may wait for a store that cannot be reached. They run in parallel, because the process must
    // end within seconds.
    await Promise.all([leave?.(), http.close(), stopSkydns?.(), stopRenumberings().then(renumbering.resign)]);
    await ledger?.close();
    await dns?.close();
    await forwarders?.close();
    stopReleasing();
    stopHousekeeping();
    stopCleaning();
    stopping.abort();
    await following;
    await store.close();
  }

  async function serve(httpEndpoint: string): Promise<void> {
    const api = { http: httpEndpoint, ...(certificate !== undefined && { httpTls: true as const }) };
    await writeEndpoints(config.dataDir, { ...api, dns: [] }, logger);
    await untilLoaded(store, views);
    if (config.adminToken === undefined) {
      // DNS needs no token, so it starts even if this fails.
      await ensureAdminToken(config.dataDir, views, committer, logger).catch((error: unknown) =>
        logger.error(
          { reason: messageOf(error) },
          'cannot create or find the admin token: set ZONEWRIGHT_ADMIN_TOKEN if you have no token for the API',
        ),
      );
    }
    // DNS starts after the zones are loaded: resolvers would cache an early NXDOMAIN, but do not cache a closed port.
    const responses = responseSettings(config, version);
    const starting = startDns({
      table,
      addresses: config.dns,
      threads: config.dnsThreads,
      socket: config.dnsSocket,
      secure: config.dnsSecure,
      responses,
      tenants: {},
      logger,
    });
    // This call blocks the main thread. The DNS threads start during that time.
    stopReleasing = releaseMemory();
    const server = await starting;
    dns = server;
    forwarders = new ForwarderService({
      part: server.forwarder,
      table,
      settings: responses,
      forwarders: views.forwarders,
      logger,
    });
    addForwarderMetrics(metrics, forwarders);
    addDnsMetrics(metrics, () => server.counters());
    addCertificateMetric(metrics, () => ({ api: certificate?.expires, dns: server.certificateExpires() }));
    const endpoints = {
      ...api,
      dns: server.addresses.map(formatEndpoint),
      ...(server.tls.length > 0 && { dnsTls: server.tls.map(formatEndpoint) }),
      ...(server.https.length > 0 && { dnsHttps: server.https.map(formatEndpoint) }),
    };
    await writeEndpoints(config.dataDir, endpoints, logger);
    leave = await joinCluster(store, member([...server.addresses]), logger, { mustWrite: () => !takesWrites() });
    unmapProgram();
    logger.info({ ...endpoints, store: config.store, revision: views.revision }, 'serving');
  }

  try {
    const endpoint = await listen(http, config);
    if (certificate === undefined && !isLoopback(config.http)) {
      logger.warn(
        { http: endpoint },
        'the API listens without TLS where other machines reach it: tokens can be read on the way; set --http-tls-cert and --http-tls-key, or let only a proxy with TLS reach it',
      );
    }
    return { ready: serve(endpoint), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Loads the code for certificates only if the API has one. */
async function openApiCertificate(files: CertificateFiles, logger: FastifyBaseLogger): Promise<KeptCertificate> {
  const { KeptCertificate } = await import('./dns/listen/certificate.ts');
  return KeptCertificate.open(files, logger, 'API');
}

/** Resolves when the views are loaded. Rejects if the store has only a part of a backup, which must not be served. */
async function untilLoaded(store: Store, views: Views): Promise<void> {
  const { promise: unfinished, reject } = Promise.withResolvers<never>();
  store.get(offsetKey).catch((error: unknown) => {
    if (error instanceof RestoreUnfinished) reject(error);
  });
  await Promise.race([views.whenLoaded(), unfinished]);
}

/** Returns where backups get the ledger. */
function ledgerSource({ ledger: { kind }, dataDir }: Config, ledger: LedgerService | undefined): LedgerSource {
  if (ledger === undefined || kind !== 'sqlite') return kind === 'postgresql' ? kind : 'off';
  return { openCopy: () => ledger.openCopy(dataDir) };
}

/** Starts the ledger, and the election of the replica that writes into it. Returns undefined if the ledger is off. */
async function openLedger(
  { ledger, replica, ledgerKeepDays, ledgerMaxEvents, ledgerOutboxMax }: Config,
  { store, views, logger }: { store: Store; views: Views; logger: FastifyBaseLogger },
): Promise<LedgerService | undefined> {
  if (ledger.kind === 'off') return undefined;
  const { LedgerService } = await import('./ledger/ledger-service.ts');
  const leadership = campaign(store, logger, { task: 'ledger', replica, isReady: () => views.loaded });
  return new LedgerService({
    task: ledger,
    replica,
    store,
    views,
    leadership,
    logger,
    keepDays: ledgerKeepDays,
    maxEvents: ledgerMaxEvents,
    outboxMax: ledgerOutboxMax,
  });
}

async function listen(http: FastifyInstance, { http: { address, port } }: Config): Promise<string> {
  await http.listen({ host: address, port }).catch((error: unknown) => {
    throw listenError({ address, port }, 'API', error);
  });
  const [bound] = http.addresses();
  return formatEndpoint({ address, port: typeof bound === 'object' ? bound.port : port });
}

/** The endpoints on which this replica listens: DNS over TLS and over HTTPS only if they are configured. */
interface Endpoints {
  http: string;
  /** Only if the API is served over TLS. */
  httpTls?: true;
  dns: string[];
  dnsTls?: string[];
  dnsHttps?: string[];
}

/**
 * Writes the endpoints, for the commands that look for this replica (cli/find-replica.ts), and for scripts and tests
 * that use port 0. Renames the complete file into place, so that nobody reads a part of the file. Only logs a failure,
 * because DNS does not need the file.
 */
async function writeEndpoints(dataDir: string, endpoints: Endpoints, logger: FastifyBaseLogger): Promise<void> {
  const file = join(dataDir, 'endpoints.json');
  const temporaryFile = `${file}.new`;
  try {
    await writeFile(temporaryFile, `${JSON.stringify(endpoints)}\n`, { mode: 0o600 });
    await rename(temporaryFile, file);
  } catch (error) {
    logger.warn({ file, reason: messageOf(error) }, 'cannot write endpoints.json: its content may be out of date');
    await rm(temporaryFile, { force: true }).catch(() => undefined);
  }
}
