// What the main thread and a listening thread tell each other. Structured-cloneable; buffers in it are shared, not copied.

import type { Endpoint } from '../../model/endpoint.ts';
import type { HandOnTask } from '../handed-on/outlet.ts';
import type { ResponseSettings } from '../respond/settings.ts';
import type { Certificate } from './certificate.ts';

export type SocketKind = 'batched' | 'datagram';

export interface ThreadTask {
  /** The zone table, and which of its readers' cells is this thread's. */
  readonly table: SharedArrayBuffer;
  readonly reader: number;
  readonly addresses: readonly Endpoint[];
  /** One Int32 for all threads: not 0 once they should stop. */
  readonly stop: SharedArrayBuffer;
  /** This thread's counters of its sockets: listen-counters.ts. */
  readonly counters: SharedArrayBuffer;
  /** And of its answers: respond/counters.ts. */
  readonly responseCounters: SharedArrayBuffer;
  readonly responses: ResponseSettings;
  /** How this thread hands queries on; its port is transferred. */
  readonly handOn: HandOnTask;
}

export interface UdpTask extends ThreadTask, UdpSocket {}

export interface UdpSocket {
  /** What was found to work here, when the server started. */
  readonly socket: SocketKind;
  /** Of batched sockets: whether answers may share a message. */
  readonly joins: boolean;
}

export interface TcpTask extends ThreadTask {
  readonly limits: StreamLimits;
  /** Whether the UDP ports must be free: not when a TCP thread is started again beside our own UDP threads. */
  readonly probeUdp: boolean;
  readonly secure?: SecureTask | undefined;
}

/** DNS over TLS and over HTTPS, with one certificate. */
export interface SecureTask {
  readonly tls: readonly Endpoint[];
  readonly https: readonly Endpoint[];
  readonly certificate: Certificate;
}

/** What the main thread tells a thread that has an event loop. */
export type ThreadOrder = 'stop' | Certificate;

export interface StreamLimits {
  /** A connection that finished no query and took no answers for so long is closed. RFC 7766 §6.2.3. */
  readonly idleMilliseconds: number;
  readonly connections: number;
  readonly connectionsPerClient: number;
}

export interface ReadyReport {
  readonly kind: 'ready';
  /** The same addresses, with the ports that were picked. */
  readonly addresses: readonly Endpoint[];
  readonly tls?: readonly Endpoint[];
  readonly https?: readonly Endpoint[];
  readonly socket?: SocketKind;
  /** File descriptors that Node does not know of, for the main thread to close. */
  readonly descriptors: readonly number[];
}

export interface FailedReport {
  readonly kind: 'failed';
  readonly message: string;
  readonly descriptors: readonly number[];
}

/** A bug met while answering; the thread goes on. */
interface FaultReport {
  readonly kind: 'fault';
  readonly message: string;
}

export type ThreadReport = ReadyReport | FailedReport | FaultReport;
