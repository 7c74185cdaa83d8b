// Carries late answers to an answering thread, and receipts back. The main thread uses a message port. The forwarder's
// thread uses a channel with a name: a port would be lost when that thread ends, but the channel is there for the next
// one.

import { BroadcastChannel, type MessagePort } from 'node:worker_threads';

/** One end: a port, which must be transferred to its thread, or the name of a channel. */
export type LatePortEnd = MessagePort | string;

export interface LatePort {
  post(message: unknown, packed?: ArrayBuffer): void;
  close(): void;
}

/** Opens an end. With `background`, the end does not keep the thread alive. */
export function openLatePort(
  end: LatePortEnd,
  receive: (message: unknown) => void,
  options: { background: boolean },
): LatePort {
  if (typeof end !== 'string') {
    end.on('message', receive);
    if (options.background) end.unref();
    return { post: (message, packed) => end.postMessage(message, packed ? [packed] : []), close: () => end.close() };
  }
  const channel = new BroadcastChannel(end);
  channel.onmessage = (event: unknown) => receive((event as { data: unknown }).data);
  if (options.background) channel.unref();
  return { post: (message) => channel.postMessage(message), close: () => channel.close() };
}
