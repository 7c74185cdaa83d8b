// Sends HTTP that no client library would send: writes octets to a socket, and reads the answers.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Cleanup } from './temporary.ts';

export interface RawClient {
  readonly socket: Socket;
  send(text: string): void;
  /** Returns the text that was received so far. */
  received(): string;
  /** Resolves with the whole received text when the server has ended the connection. */
  ended(): Promise<string>;
}

export async function rawClient(test: Cleanup, url: string): Promise<RawClient> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = '';
  socket.setEncoding('latin1').on('data', (some) => {
    text += some;
  });
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => {
    socket.once('close', resolve);
  });
  test.after(() => socket.destroy());
  await once(socket, 'connect');
  return {
    socket,
    send: (some) => void socket.write(some, 'latin1'),
    received: () => text,
    ended: () => closed.then(() => text),
  };
}

/** Splits a received text into its answers, each with status, headers and body. */
export function rawAnswers(text: string): { status: number; headers: Map<string, string>; body: string }[] {
  const answers = [];
  for (let rest = text; rest.length > 0; ) {
    const [header = '', ...after] = rest.split('\r\n\r\n');
    const [line = '', ...fields] = header.split('\r\n');
    const headers = new Map(
      fields.map((field) => [field.replace(/:.*/, '').toLowerCase(), field.replace(/^.*?: */, '')]),
    );
    const length = Number(headers.get('content-length') ?? 0);
    const body = after.join('\r\n\r\n');
    answers.push({ status: Number(line.split(' ')[1]), headers, body: body.slice(0, length) });
    rest = body.slice(length);
  }
  return answers;
}
