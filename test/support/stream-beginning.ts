// Reads only the first event of GET /v1/watch. A client that waits for the end of the answer would wait forever.

import type { IncomingMessage } from 'node:http';

/** An answer that superagent reads. superagent passes `text` on to the test. */
export type Message = IncomingMessage & { text: string };

/** Returns whether this path, with or without a query, is that of a stream. */
export function isStream(path: string): boolean {
  return /^\/v1\/watch($|\?)/.test(path);
}

/** Reads a stream to the end of its first event, and any other answer to its end. It is a parser for superagent. */
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
