// The metrics that /metrics returns. Requests are measured here; other values are read when /metrics is requested.

import type { FastifyInstance } from 'fastify';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { CounterValues } from '../dns/listen/listen-counters.ts';
import type { ForwarderUpstreams } from '../forwarding/forwarders/forward-request.ts';
import type { LedgerStatus } from '../ledger/ledger-service.ts';
import type { Views } from '../views/views.ts';
import { readAtMostEvery } from './read-at-most-every.ts';
import { eventStream } from './watch/event-text.ts';

/** The sources of the metrics of forwarders. */
interface ForwarderCounts {
  cached(): Iterable<readonly [zone: string, hits: number]>;
  upstreams(): Promise<readonly ForwarderUpstreams[]>;
}

/** Milliseconds within which the metrics of one scrape are collected. */
const sharedMilliseconds = 100;

/** The sources of values that are read when /metrics is requested. */
interface MetricSources {
  views: Views;
  tableBytes: () => number;
  /** Those who wait for addresses. */
  line?: { readonly size: number };
  /** Returns whether the store takes writes. Default: always true. */
  takesWrites?: () => boolean;
}

/**
 * Returns the registry, with the metrics of the process, of the views and of the table. The other functions here add
 * theirs.
 */
export function createMetrics({ views, tableBytes, line, takesWrites = () => true }: MetricSources): Registry {
  const registry = new Registry();
  // The precision is in milliseconds. The default of 10 would wake an idle replica 100 times a second, and take 1 % of
  // a core. Node's figures contain these 100 ms. The dashboard in deploy/grafana subtracts them.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 });
  gauge(registry, 'zonewright_store_revision', 'The store revision that this replica serves', () => views.revision);
  gauge(
    registry,
    'zonewright_store_takes_writes',
    '1 if the store takes writes, 0 from a write that failed until one succeeds',
    () => Number(takesWrites() && views.obstacle === undefined),
  );
  gauge(registry, 'zonewright_zones', 'Zones served', () => count(views.zones.list()));
  gauge(registry, 'zonewright_hosts', 'Hosts', () => count(views.hosts.list()));
  gauge(registry, 'zonewright_members', 'Replicas alive', () => views.members.size);
  gauge(registry, 'zonewright_waiting_requests', 'Requests that wait for a free address', () => line?.size ?? 0);
  gauge(registry, 'zonewright_faulty_values', 'Stored values that are not served', () => views.faults.size);
  gauge(registry, 'zonewright_table_bytes', 'Memory that the zone table uses', tableBytes);
  poolGauge(registry, views);
  skydnsGauge(registry, views);
  return registry;
}

/** Measures every request. Labels have the route, not the path: the number of series must not grow with requests. */
export function observeRequests(app: FastifyInstance, registry: Registry): void {
  const duration = new Histogram({
    name: 'zonewright_http_request_duration_seconds',
    help: 'Time from request to response',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  });
  app.addHook('onResponse', (request, reply, done) => {
    // The length of a stream of changes says nothing about our speed.
    if (reply.getHeader('content-type') !== eventStream) {
      const route = request.routeOptions.url ?? 'unknown';
      duration.observe({ method: request.method, route, status: String(reply.statusCode) }, reply.elapsedTime / 1000);
    }
    done();
  });
}

/** Adds the metrics of /v1/watch. Returns the function that counts the end of a stream. */
export function addWatchMetrics(registry: Registry, followers: () => number): (reason: string) => void {
  gauge(registry, 'zonewright_watch_followers', 'Streams of changes that are open', followers);
  const ended = new Counter({
    name: 'zonewright_watch_ended_total',
    help: 'Streams of changes that have ended, by the reason; left: the client has closed it',
    labelNames: ['reason'],
    registers: [registry],
  });
  return (reason) => ended.inc({ reason });
}

function gauge(registry: Registry, name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(read());
    },
  });
}

function poolGauge(registry: Registry, views: Views): void {
  new Gauge({
    name: 'zonewright_pool_addresses',
    help: 'Addresses of a pool by state; beyond 2^53 rounded',
    labelNames: ['pool', 'family', 'state'],
    registers: [registry],
    collect() {
      this.reset();
      const now = Date.now();
      for (const { value: pool } of views.pools.list()) {
        for (const [family, usage] of Object.entries(views.pools.usage(pool.id, now) ?? {})) {
          for (const state of ['capacity', 'used', 'recorded', 'coolingDown', 'carved', 'free'] as const) {
            this.set({ pool: pool.name, family, state }, Number(usage[state]));
          }
        }
      }
    },
  });
}

function skydnsGauge(registry: Registry, views: Views): void {
  new Gauge({
    name: 'zonewright_skydns_not_served',
    help: 'Values of others in the SkyDNS layout that are not served, by zone',
    labelNames: ['zone'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { zone, notServed } of views.skydns.states.values()) this.set({ zone }, notServed.count);
    },
  });
}

/**
 * Adds the time at which each certificate expires. `read` returns these times in seconds since the epoch; undefined
 * without a certificate.
 */
export function addCertificateMetric(registry: Registry, read: () => Record<'api' | 'dns', number | undefined>): void {
  if (Object.values(read()).every((expires) => expires === undefined)) return;
  new Gauge({
    name: 'zonewright_certificate_expires_timestamp_seconds',
    help: 'When the certificate in use expires, in seconds since 1970; only with TLS',
    labelNames: ['use'],
    registers: [registry],
    collect() {
      for (const [use, expires] of Object.entries(read())) if (expires !== undefined) this.set({ use }, expires);
    },
  });
}

/** Adds the state of the ledger. Replicas with `--ledger off` do not have these metrics. */
export function addLedgerMetrics(registry: Registry, read: () => LedgerStatus): void {
  gauge(
    registry,
    'zonewright_ledger_waiting_transactions',
    'Transactions whose events wait in the store for the ledger',
    () => read().waiting,
  );
  gauge(
    registry,
    'zonewright_ledger_lost_transactions',
    'Transactions whose events were dropped because too many waited; 0 is right',
    () => read().lost?.transactions ?? 0,
  );
  gauge(
    registry,
    'zonewright_ledger_available',
    '1 if this replica can use the ledger or another one has it, 0 after a failure until it works again',
    () => Number(read().state !== 'unavailable'),
  );
}

/** Adds the counters of the DNS threads. `read` returns their sums over all threads. */
export function addDnsMetrics(registry: Registry, read: () => readonly CounterValues[]): void {
  for (const { name, help, label } of read()) {
    new Counter({
      name: `zonewright_${name}`,
      help,
      labelNames: label === undefined ? [] : [label],
      registers: [registry],
      collect() {
        this.reset();
        for (const [value, sum] of Object.entries(read().find((one) => one.name === name)?.values ?? {})) {
          this.inc(label === undefined ? {} : { [label]: value }, sum);
        }
      },
    });
  }
}

/** Adds the metrics of forwarders. */
export function addForwarderMetrics(registry: Registry, forwarders: ForwarderCounts): void {
  // The two metrics of the servers are collected at the same time: they share one question to the other thread.
  const readUpstreams = readAtMostEvery(sharedMilliseconds, () => forwarders.upstreams());
  new Counter({
    name: 'zonewright_forwarder_cached_total',
    help: 'Answers of a forwarded zone that came from the cache',
    labelNames: ['zone'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [zone, hits] of forwarders.cached()) this.inc({ zone }, hits);
    },
  });
  new Counter({
    name: 'zonewright_forwarder_queries_total',
    help: 'Queries to the servers of a forwarded zone: answered, or failed',
    labelNames: ['zone', 'result'],
    registers: [registry],
    async collect() {
      const all = await readUpstreams();
      this.reset();
      for (const { zone, upstreams } of all) {
        this.inc(
          { zone, result: 'answered' },
          sum(upstreams, ({ answered }) => answered),
        );
        this.inc(
          { zone, result: 'failed' },
          sum(upstreams, ({ failed }) => failed),
        );
      }
    },
  });
  new Gauge({
    name: 'zonewright_forwarder_healthy_targets',
    help: 'Servers of a forwarded zone that answer, or were not asked yet',
    labelNames: ['zone'],
    registers: [registry],
    async collect() {
      const all = await readUpstreams();
      this.reset();
      for (const { zone, upstreams } of all) {
        this.set({ zone }, upstreams.filter(({ healthy, loops }) => healthy !== false && !loops).length);
      }
    },
  });
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((all, item) => all + of(item), 0);
}

function count(items: Iterable<unknown>): number {
  let counted = 0;
  for (const _ of items) counted += 1;
  return counted;
}
