// The messages between the main thread and the answering threads. All are structured clones, with shared buffers.

import type { Endpoint } from '../../model/endpoint.ts';
import type { HandOnTasks } from '../handed-on/outlet.ts';
import type { ResponseSettings } from '../respond/settings.ts';
import type { Certificate } from './certificate.ts';
import type { StreamLimits } from './dns-limits.ts';

export type SocketKind = 'batched' | 'datagram';

/** The data with which an answering thread is started. */
export interface ThreadTask {
  /** The zone table, and this thread's cell among the table's readers. */
  readonly table: SharedArrayBuffer;
  readonly reader: number;
  readonly addresses: readonly Endpoint[];
  /** One Int32 for all threads. They must stop when it is not 0. */
  readonly stop: SharedArrayBuffer;
  /** This thread's counters of sockets: listen-counters.ts. */
  readonly counters: SharedArrayBuffer;
  /** This thread's counters of answers: respond/counters.ts. */
  readonly responseCounters: SharedArrayBuffer;
  readonly responses: ResponseSettings;
  /** How to hand queries on. Its message ports are transferred. */
  readonly handOn: HandOnTasks;
  /** Answers of forwarded zones: forward-cache/. */
  readonly forwardCache: SharedArrayBuffer;
}

export interface UdpTask extends ThreadTask, UdpSocket {}

export interface UdpSocket {
  /** The kind of socket that was found to work at the server's start. */
  readonly socket: SocketKind;
  /** True: answers may share a message. Only for batched sockets. */
  readonly joins: boolean;
}

export interface StreamTask extends ThreadTask {
  readonly limits: StreamLimits;
  /** True: check that the UDP ports are free. False at a restart, when our own UDP threads use them. */
  readonly probeUdp: boolean;
  readonly secure?: SecureTask | undefined;
}

/** DNS over TLS and over HTTPS, with one certificate. */
export interface SecureTask {
  readonly tls: readonly Endpoint[];
  readonly https: readonly Endpoint[];
  readonly certificate: Certificate;
}

/** A message from the main thread to a thread with an event loop. A certificate replaces the one in use. */
export type ThreadOrder = 'stop' | Certificate;

export interface ReadyReport {
  readonly kind: 'ready';
  /** The addresses of the task, with the ports that were picked. */
  readonly addresses: readonly Endpoint[];
  readonly tls?: readonly Endpoint[];
  readonly https?: readonly Endpoint[];
  readonly socket?: SocketKind;
  /** File descriptors that Node does not know of: the main thread closes them. */
  readonly descriptors: readonly number[];
}

export interface FailedReport {
  readonly kind: 'failed';
  readonly message: string;
  readonly descriptors: readonly number[];
}

/** Reports a bug that a query ran into. The thread goes on. */
interface FaultReport {
  readonly kind: 'fault';
  readonly message: string;
}

export type ThreadReport = ReadyReport | FailedReport | FaultReport;
