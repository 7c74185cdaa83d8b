// What the main thread and the forwarder's thread tell each other: forwarder-service.ts, forwarder-thread.ts.

import type { MessagePort } from 'node:worker_threads';
import type { HandOnLimits } from './dns/handed-on/hand-on-limits.ts';
import type { RemoteLine, RemoteOrder } from './dns/handed-on/remote-taker.ts';
import type { ThreadCounters } from './dns/listen/listen-counters.ts';
import type { ResponseSettings } from './dns/respond/settings.ts';
import type { CachedAnswer } from './forwarding/forwarders/cached-answer.ts';
import type { ForwarderState, ListedForwarder } from './forwarding/forwarders/forward-request.ts';
import type { Fqdn } from './model/name.ts';

/** What the forwarder's thread is started with. */
export interface ForwarderTask {
  readonly table: SharedArrayBuffer;
  /** Two cells among the table's readers: for the responses, and for where aliases lead. */
  readonly readers: readonly [responses: number, aliases: number];
  readonly cache: SharedArrayBuffer;
  readonly counters: ThreadCounters;
  readonly settings: ResponseSettings;
  readonly doorbell: SharedArrayBuffer;
  readonly limits: HandOnLimits;
  readonly lines: readonly RemoteLine[];
  readonly forwarders: readonly ListedForwarder[];
  /** For all other messages. */
  readonly control: MessagePort;
}

/** What the thread is told and asked. Answers have the `id` of the question. */
export type ForwarderOrder =
  | RemoteOrder
  | { readonly forwarders: readonly ListedForwarder[] }
  | { readonly id: number; readonly state: Fqdn }
  | { readonly id: number; readonly cached: Fqdn; readonly name: Fqdn | undefined }
  | { readonly id: number; readonly clear: Fqdn; readonly name: Fqdn | undefined };

/** An answer of the thread. */
export interface ForwarderReply {
  readonly id: number;
  readonly state?: ForwarderState | undefined;
  readonly cached?: readonly CachedAnswer[];
}

/** What the thread tells: an answer, or a line for the log. */
export type ForwarderReport =
  | ForwarderReply
  | { readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly fields: unknown; readonly message: string };
