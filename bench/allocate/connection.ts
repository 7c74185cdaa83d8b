// A keep-alive connection to the API, on a plain socket: the clients of this benchmark share the processors with the
// replica, and Node's own HTTP client costs several times as much.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { adminToken } from '../../test/support/api-client.ts';

export interface Posted {
  status: number;
  text: string;
}

const endOfHead = '\r\n\r\n';

export class Connection {
  readonly #socket: Socket;
  #received = '';
  #answered: PromiseWithResolvers<Posted> | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1').setNoDelay(true);
    socket.on('data', (text: string) => this.#receive(text));
    socket.on('close', () => this.#answered?.reject(new Error('the replica closed the connection')));
    socket.on('error', () => undefined);
  }

  static async open(port: number): Promise<Connection> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Connection(socket);
  }

  /** Sends a POST. Resolves with its answer. The connection must have no other request under way. */
  post(path: string, body: object): Promise<Posted> {
    this.#answered = Promise.withResolvers<Posted>();
    const text = JSON.stringify(body);
    this.#socket.write(
      `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${adminToken}\r\n` +
        `content-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
    );
    return this.#answered.promise;
  }

  close(): void {
    this.#answered = undefined;
    this.#socket.destroy();
  }

  #receive(text: string): void {
    this.#received += text;
    const end = this.#received.indexOf(endOfHead);
    if (end < 0) return;
    const head = this.#received.slice(0, end);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
    const whole = end + endOfHead.length + length;
    if (this.#received.length < whole) return;
    const body = this.#received.slice(end + endOfHead.length, whole);
    this.#received = this.#received.slice(whole);
    this.#answered?.resolve({ status: Number(head.slice(9, 12)), text: body });
  }
}
