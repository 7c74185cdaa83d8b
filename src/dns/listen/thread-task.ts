// The messages between the main thread and an answering thread. All can be cloned. Shared buffers are not copied.

import type { Endpoint } from '../../model/endpoint.ts';
import type { HandOnTasks } from '../handed-on/outlet.ts';
import type { ResponseSettings } from '../respond/settings.ts';
import type { Certificate } from './certificate.ts';
import type { StreamLimits } from './dns-limits.ts';

export type SocketKind = 'batched' | 'datagram';

/** The data that an answering thread is started with. */
export interface ThreadTask {
  /** The zone table, and this thread's cell among the table's readers. */
  readonly table: SharedArrayBuffer;
  readonly reader: number;
  readonly addresses: readonly Endpoint[];
  /** One Int32 for all threads. It is not 0 once they should stop. */
  readonly stop: SharedArrayBuffer;
  /** This thread's counters of sockets: listen-counters.ts. */
  readonly counters: SharedArrayBuffer;
  /** This thread's counters of answers: respond/counters.ts. */
  readonly responseCounters: SharedArrayBuffer;
  readonly responses: ResponseSettings;
  /** For handing queries on. The main taker's port is transferred. */
  readonly handOn: HandOnTasks;
  /** Answers of forwarded zones: forward-cache/. */
  readonly forwardCache: SharedArrayBuffer;
}

export interface UdpTask extends ThreadTask, UdpSocket {}

export interface UdpSocket {
  /** The kind that was found to work when the server started. */
  readonly socket: SocketKind;
  /** With batched sockets: whether answers may share a message. */
  readonly joins: boolean;
}

export interface StreamTask extends ThreadTask {
  readonly limits: StreamLimits;
  /** True if the UDP ports must be free. False for a restart, when our own UDP threads have them. */
  readonly probeUdp: boolean;
  readonly secure?: SecureTask | undefined;
}

/** DNS over TLS and over HTTPS, with one certificate. */
export interface SecureTask {
  readonly tls: readonly Endpoint[];
  readonly https: readonly Endpoint[];
  readonly certificate: Certificate;
}

/** A message of the main thread to a thread with an event loop. A certificate replaces the one in use. */
export type ThreadOrder = 'stop' | Certificate;

export interface ReadyReport {
  readonly kind: 'ready';
  /** The addresses of the task, with the ports that were picked. */
  readonly addresses: readonly Endpoint[];
  readonly tls?: readonly Endpoint[];
  readonly https?: readonly Endpoint[];
  readonly socket?: SocketKind;
  /** File descriptors that Node does not know of. The main thread closes them. */
  readonly descriptors: readonly number[];
}

export interface FailedReport {
  readonly kind: 'failed';
  readonly message: string;
  readonly descriptors: readonly number[];
}

/** A bug that a query met. The thread goes on. */
interface FaultReport {
  readonly kind: 'fault';
  readonly message: string;
}

export type ThreadReport = ReadyReport | FailedReport | FaultReport;
