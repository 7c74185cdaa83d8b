// The way of late answers to an answering thread, and of its receipts back. To the thread that started it, it is a
// message port. To a thread that may be started again, it is a channel with a name: a port would end with one of the
// threads.

import { BroadcastChannel, type MessagePort } from 'node:worker_threads';

/** One end, as it is given to a thread: a port must be transferred. */
export type LatePortEnd = MessagePort | string;

export interface LatePort {
  post(message: unknown, packed?: ArrayBuffer): void;
  close(): void;
}

/** Opens an end. The thread may end while it waits for messages if `background`. */
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
