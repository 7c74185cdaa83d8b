// Sends and receives many datagrams with one call, on connected sockets. Consecutive queries of one length are one
// message, which the kernel cuts into datagrams (UDP_SEGMENT): each message goes through the kernel and wakes the
// server. The memory of a batch has each struct mmsghdr and all that it points to, without addresses. The sockets:
// batched-server-sockets.ts.

import { type Libc, linux } from '../listen/libc.ts';
import { batchSize, control, header, headerBytes, iov, iovBytes, segmentBytes } from '../listen/message-layout.ts';
import { copyOctets } from '../wire/copy-octets.ts';

/** Room for a query, more than the longest has: a header, a question, and OPT with the longest cookie. */
const queryBytes = 512;
/** Room for the longest datagram. What the system never writes takes no memory. */
const answerBytes = 2 ** 16;

const iovsAt = batchSize * headerBytes;
const controlsAt = iovsAt + batchSize * iovBytes;
const cellsAt = controlsAt + batchSize * segmentBytes;

export class DatagramBatch {
  readonly #libc: Libc;
  readonly #queries: Side;
  readonly #answers: Side;
  /** True if queries may share a message. */
  #joins = true;
  /** The number of queries in each message. */
  readonly #sizes = new Uint8Array(batchSize);

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#queries = layOut(libc, queryBytes);
    this.#answers = layOut(libc, answerBytes);
  }

  /** Sends each further query as its own message, since the kernel does not know UDP_SEGMENT. */
  stopJoining(): void {
    this.#joins = false;
  }

  /** Sends queries from index `from` on, at most a batch. Returns how many, or an errno as a negative number. */
  send(descriptor: number, queries: readonly Uint8Array[], from: number): number {
    const { cells, words } = this.#queries;
    const count = Math.min(queries.length - from, batchSize);
    for (let i = 0; i < count; i += 1) {
      const query = queries[from + i] as Uint8Array;
      copyOctets(query, 0, cells[i] as Uint8Array, 0, query.length);
      words[(iovsAt + i * iovBytes) / 4 + iov.length] = query.length;
    }
    for (;;) {
      const messages = this.#joins ? this.#joinQueries(queries, from, count) : this.#separate(count);
      const sent = this.#libc.sendmmsg(descriptor, this.#queries.pointer, messages, linux.MSG_DONTWAIT);
      if (sent > 0) return this.#queriesIn(sent);
      const errno = this.#libc.errno();
      if (errno === linux.EINTR) continue;
      // EIO: the interface cannot cut a message. EINVAL: a query is longer than its MTU.
      if ((this.#sizes[0] as number) === 1 || (errno !== linux.EIO && errno !== linux.EINVAL)) return -errno;
      this.stopJoining();
    }
  }

  /** Receives at most a batch. Returns how many datagrams, or an errno as a negative number. */
  receive(descriptor: number): number {
    for (;;) {
      const { pointer } = this.#answers;
      const count = this.#libc.recvmmsg(descriptor, pointer, batchSize, linux.MSG_DONTWAIT, 0n);
      if (count >= 0) return count;
      const errno = this.#libc.errno();
      if (errno !== linux.EINTR) return -errno;
    }
  }

  /** Returns datagram `i` of those that were received last, counted from 0. Valid until the next batch is received. */
  received(i: number): Uint8Array {
    const { cells, words } = this.#answers;
    return (cells[i] as Uint8Array).subarray(0, words[i * header.words + header.length]);
  }

  /** Lays out a message for each group of consecutive queries of one length. Returns the number of messages. */
  #joinQueries(queries: readonly Uint8Array[], from: number, count: number): number {
    let messages = 0;
    for (let first = 0, next = 1; first < count; first = next, next += 1) {
      const { length } = queries[from + first] as Uint8Array;
      while (next < count && (queries[from + next] as Uint8Array).length === length) next += 1;
      this.#layOutMessage(messages, first, next - first, length);
      messages += 1;
    }
    return messages;
  }

  /** Lays out a message for each query. Returns the number of messages. */
  #separate(count: number): number {
    for (let i = 0; i < count; i += 1) this.#layOutMessage(i, i, 1, 0);
    return count;
  }

  #layOutMessage(message: number, first: number, size: number, segment: number): void {
    const { words, iovPointers } = this.#queries;
    const at = message * header.words;
    this.#sizes[message] = size;
    words[at + header.iov] = iovPointers[first * 2] as number;
    words[at + header.iov + 1] = iovPointers[first * 2 + 1] as number;
    words[at + header.iovLength] = size;
    words[at + header.controlLength] = size > 1 ? segmentBytes : 0;
    words[(controlsAt + message * segmentBytes + control.segment) / 4] = segment;
  }

  #queriesIn(messages: number): number {
    let count = 0;
    for (let message = 0; message < messages; message += 1) count += this.#sizes[message] as number;
    return count;
  }
}

/** The memory of the datagrams of one direction. */
interface Side {
  readonly cells: readonly Uint8Array[];
  readonly words: Uint32Array;
  readonly pointer: bigint;
  /** The address of each struct iovec, as two words. */
  readonly iovPointers: Uint32Array;
}

function layOut(libc: Libc, cellBytes: number): Side {
  const memory = new ArrayBuffer(cellsAt + batchSize * cellBytes);
  const pointer = libc.pointerTo(memory);
  const view = new DataView(memory);
  const iovPointers = new BigUint64Array(batchSize);
  for (let i = 0; i < batchSize; i += 1) {
    const vector = iovsAt + i * iovBytes;
    const segment = controlsAt + i * segmentBytes;
    iovPointers[i] = pointer + BigInt(vector);
    view.setBigUint64(i * headerBytes + header.iov * 4, pointer + BigInt(vector), true);
    view.setBigUint64(i * headerBytes + header.iovLength * 4, 1n, true);
    view.setBigUint64(vector, pointer + BigInt(cellsAt + i * cellBytes), true);
    view.setBigUint64(vector + iov.length * 4, BigInt(cellBytes), true);
    view.setBigUint64(i * headerBytes + header.control * 4, pointer + BigInt(segment), true);
    view.setBigUint64(segment + control.length, 18n, true);
    view.setUint32(segment + control.level, linux.IPPROTO_UDP, true);
    view.setUint32(segment + control.type, linux.UDP_SEGMENT, true);
  }
  const cells = Array.from({ length: batchSize }, (_, i) => new Uint8Array(memory, cellsAt + i * cellBytes, cellBytes));
  const words = new Uint32Array(memory, 0, cellsAt / 4);
  return { cells, words, pointer, iovPointers: new Uint32Array(iovPointers.buffer) };
}
