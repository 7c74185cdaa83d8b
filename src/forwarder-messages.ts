// The messages between the main thread (forwarder-service.ts) and the thread that forwards (forwarder-thread.ts).

import type { MessagePort } from 'node:worker_threads';
import type { HandOnLimits } from './dns/handed-on/hand-on-limits.ts';
import type { RemoteLine, RemoteOrder } from './dns/handed-on/remote-taker.ts';
import type { ThreadCounters } from './dns/listen/listen-counters.ts';
import type { SocketKind } from './dns/listen/thread-task.ts';
import type { ResponseSettings } from './dns/respond/settings.ts';
import type { CachedAnswer } from './forwarding/forwarders/cached-answer.ts';
import type { ForwarderState, ForwarderUpstreams, ListedForwarder } from './forwarding/forwarders/forward-request.ts';
import type { Fqdn } from './model/name.ts';

/** The input of the thread, at its start. */
export interface ForwarderTask {
  readonly table: SharedArrayBuffer;
  /** Two cells among the table's readers: for making responses, and for following aliases. */
  readonly readers: readonly [responses: number, aliases: number];
  readonly cache: SharedArrayBuffer;
  readonly counters: ThreadCounters;
  /** The kind of socket that was found to work for answers. */
  readonly socket: SocketKind;
  readonly settings: ResponseSettings;
  readonly doorbell: SharedArrayBuffer;
  readonly limits: HandOnLimits;
  readonly lines: readonly RemoteLine[];
  readonly forwarders: readonly ListedForwarder[];
  /** Carries the orders to the thread, and its reports. */
  readonly control: MessagePort;
}

/** A message to the thread: an order, or a question. The reply to a question has its `id`. */
export type ForwarderOrder =
  | RemoteOrder
  | { readonly forwarders: readonly ListedForwarder[] }
  | { readonly id: number; readonly state: Fqdn }
  | { readonly id: number; readonly upstreams: true }
  | { readonly id: number; readonly cached: Fqdn; readonly name: Fqdn | undefined }
  | { readonly id: number; readonly empty: Fqdn; readonly name: Fqdn | undefined };

export interface ForwarderReply {
  readonly id: number;
  readonly state?: ForwarderState | undefined;
  readonly upstreams?: readonly ForwarderUpstreams[];
  readonly cached?: readonly CachedAnswer[];
}

/** A message of the thread: a reply, or a line for the log. */
export type ForwarderReport =
  | ForwarderReply
  | { readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly fields: unknown; readonly message: string };
