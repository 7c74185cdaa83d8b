// A line is one answering thread, as a taker sees it: queries come from the line, and answers go to it.

import { maxMessage } from '../wire/max-message.ts';
import { type LateMessage, packMessages } from './late-messages.ts';
import { type LatePort, type LatePortEnd, openLatePort } from './late-port.ts';
import { closeRing, type Envelope, QueryRingReader, type ReadQuery } from './query-ring.ts';
import { settle } from './settle.ts';

/** A late answer that leaves by a descriptor of the answering thread. */
export interface LateDatagram {
  readonly descriptor: number;
  readonly envelope: Envelope;
  readonly message: Uint8Array;
}

/** Sends datagrams. Does not wait: those that the system does not take are dropped. */
export type SendDatagrams = (datagrams: readonly LateDatagram[]) => void;

/** Tells the taker that a message was sent, and whether the client can take another one. */
export interface LateReceipt {
  readonly id: number;
  readonly goesOn: boolean;
}

export class Line {
  readonly #shared: SharedArrayBuffer;
  readonly #ring: QueryRingReader;
  readonly #port: LatePort;
  readonly #sendDatagrams: SendDatagrams;
  /** The messages of this turn, which are posted together. */
  #outgoing: LateMessage[] = [];
  /** The datagrams of this turn, which are sent together. */
  #datagrams: LateDatagram[] = [];
  /** The queries of `#datagrams`. */
  #answered: ReadQuery[] = [];
  readonly #unconfirmed = new Map<number, (goesOn: boolean) => void>();
  #closed = false;

  constructor(ring: SharedArrayBuffer, port: LatePortEnd, sendDatagrams: SendDatagrams) {
    this.#shared = ring;
    this.#ring = new QueryRingReader(ring);
    this.#sendDatagrams = sendDatagrams;
    const receive = (receipt: unknown) => {
      const { id, goesOn } = receipt as LateReceipt;
      this.#confirm(id, goesOn);
    };
    this.#port = openLatePort(port, receive, { background: true });
  }

  get isEmpty(): boolean {
    return this.#closed || this.#ring.isEmpty;
  }

  take(): ReadQuery | undefined {
    return this.#closed ? undefined : this.#ring.read();
  }

  /**
   * Sends a message that is not the last. Resolves to true when the next message may follow, or to false when the
   * client or its thread has gone.
   */
  send(query: ReadQuery, message: Uint8Array): Promise<boolean> {
    if (this.#closed) return Promise.resolve(false);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#unconfirmed.set(query.id, resolve);
    this.#post({ id: query.id, message: forFrame(message), last: false });
    return promise;
  }

  /**
   * Sends the last message, if there is one. When it has left, the query is no longer under way. Datagrams leave
   * together at the end of the turn, or with {@link flush}.
   */
  finish(query: ReadQuery, message: Uint8Array | undefined): void {
    const { envelope } = query;
    if (envelope !== undefined && message !== undefined) {
      this.#datagrams.push({ descriptor: query.id, envelope, message });
      this.#answered.push(query);
      if (this.#answered.length === 1) queueMicrotask(() => this.flush());
      return;
    }
    if (envelope === undefined) this.#post({ id: query.id, message: message && forFrame(message), last: true });
    this.#ring.finish(query);
  }

  /** Sends the datagrams of this turn now. */
  flush(): void {
    if (this.#answered.length === 0) return;
    const [datagrams, answered] = [this.#datagrams, this.#answered];
    this.#datagrams = [];
    this.#answered = [];
    this.#ring.whileOpen(() => this.#sendDatagrams(datagrams));
    this.#ring.finishEach(answered);
  }

  /** Waits until no query is under way, but only for a moment (settle.ts). */
  settle(): Promise<void> {
    return settle(() => this.#closed || this.#ring.underWay === 0);
  }

  /** Stops all sending. Call this after the thread has ended, and before its descriptors are closed. */
  close(): void {
    this.#closed = true;
    closeRing(this.#shared);
    this.#port.close();
    for (const id of this.#unconfirmed.keys()) this.#confirm(id, false);
  }

  #confirm(id: number, goesOn: boolean): void {
    this.#unconfirmed.get(id)?.(goesOn);
    this.#unconfirmed.delete(id);
  }

  #post(message: LateMessage): void {
    if (this.#closed) return;
    this.#outgoing.push(message);
    if (this.#outgoing.length > 1) return;
    queueMicrotask(() => {
      const messages = this.#outgoing;
      this.#outgoing = [];
      if (this.#closed) return;
      const packed = packMessages(messages);
      this.#port.post(packed, packed.buffer);
    });
  }
}

/** Returns the message. Throws if it is too long for a frame. */
function forFrame(message: Uint8Array): Uint8Array {
  if (message.length > maxMessage) throw new RangeError(`a DNS message has ${maxMessage} octets at most`);
  return message;
}
