// Starts a DNS server for a test, on loopback and on ports of its own, and stops it after the test.

import assert from 'node:assert/strict';
import type { HandOnLimits } from '../../../src/dns/handed-on/hand-on-limits.ts';
import { dnsLimits, type StreamLimits } from '../../../src/dns/listen/dns-limits.ts';
import { type DnsServer, type DnsServerOptions, startDns } from '../../../src/dns/listen/dns-server.ts';
import type { SocketKind } from '../../../src/dns/listen/thread-task.ts';
import { type Address, parseAddress } from '../../../src/model/address.ts';
import type { Endpoint } from '../../../src/model/endpoint.ts';
import type { Logger } from '../../../src/model/logger.ts';
import { createTable, type Table } from '../../../src/table/table.ts';
import type { Cleanup } from '../../support/temporary.ts';

/** Both kinds of UDP socket, for tests that run on each. */
export const socketKinds: readonly SocketKind[] = ['datagram', 'batched'];

/** True on machines where batched sockets must work. */
export const batchedHere = process.platform === 'linux' && (process.arch === 'x64' || process.arch === 'arm64');

export const loopback: Endpoint = { address: parseAddress('127.0.0.1'), port: 0 };
export const loopback6: Endpoint = { address: '::1' as Address, port: 0 };

export interface LogEntry {
  readonly level: keyof Logger;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

export interface KeepingLog extends Logger {
  readonly entries: readonly LogEntry[];
}

/** Returns a logger that keeps its lines. */
export function keepingLog(): KeepingLog {
  const entries: LogEntry[] = [];
  const keep =
    (level: keyof Logger) =>
    (fields: unknown, message = '') => {
      entries.push({ level, fields: { ...(fields as object) }, message });
    };
  return { entries, debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') };
}

function emptyTable(): Table {
  return createTable({ bytes: 1 << 20 });
}

/** Options of the server that differ from the defaults here. */
export interface TestServerOptions extends Partial<DnsServerOptions> {
  /** Limits of connections. */
  readonly limits?: Partial<StreamLimits>;
  /** Limits of handed-on queries. */
  readonly handedOn?: Partial<HandOnLimits>;
}

/** Starts a server, which the caller closes. */
export function startServer({ limits, handedOn, ...options }: TestServerOptions = {}): Promise<DnsServer> {
  return startDns(
    {
      table: emptyTable(),
      addresses: [loopback],
      threads: 1,
      logger: keepingLog(),
      tenants: {},
      ...options,
    },
    {
      streams: { ...dnsLimits.streams, ...limits },
      handedOn: { ...dnsLimits.handedOn, ...handedOn },
      forwarded: dnsLimits.forwarded,
    },
  );
}

/** Starts a server, and closes it after the test. */
export async function runServer(test: Cleanup, options: TestServerOptions = {}): Promise<DnsServer> {
  const server = await startServer(options);
  test.after(() => server.close());
  return server;
}

/** Returns the value of a counter without labels, by its metric's name. */
export function counted(server: DnsServer, name: string): number {
  const value = server.counters().find((family) => family.name === name)?.values[''];
  assert.ok(value !== undefined, `there is no counter ${name}`);
  return value;
}
