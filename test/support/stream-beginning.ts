// Reads only the first event of GET /v1/watch, for clients that wait for the end of an answer. A stream has no end.

import type { IncomingMessage } from 'node:http';

/** An answer that superagent reads. `text`: the text that superagent passes on. */
export type Message = IncomingMessage & { text: string };

/** Returns whether the answer of GET at this path may have no end. */
export function isStream(path: string): boolean {
  return /^\/v1\/watch($|\?)/.test(path);
}

/** Reads a stream to the end of its first event, and another answer to its end. A parser for superagent. */
export function readBeginning(message: Message, done: (error: Error | null, body: unknown) => void): void {
  const isEndless = message.headers['content-type'] === 'text/event-stream';
  message.text = '';
  message.setEncoding('utf8');
  const end = () => {
    message.off('data', read);
    done(null, isEndless || message.text === '' ? {} : JSON.parse(message.text));
  };
  const read = (part: string) => {
    message.text += part;
    if (!isEndless || !message.text.includes('\n\n')) return;
    message.off('end', end);
    end();
    message.destroy();
  };
  message.on('data', read).once('end', end);
}
