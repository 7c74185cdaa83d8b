// Sends and receives many datagrams with one call, on connected sockets. The memory of a batch has each struct mmsghdr
// and all that it points to, without addresses. The sockets: batched-server-sockets.ts.

import { type Libc, linux } from '../listen/libc.ts';
import { batchSize, header, headerBytes, iov, iovBytes } from '../listen/message-layout.ts';

/** Room for a query, more than the longest has: a header, a question, and OPT with the longest cookie. */
const queryBytes = 512;
/** Room for the longest datagram. What the system never writes takes no memory. */
const answerBytes = 2 ** 16;

export class DatagramBatch {
  readonly #libc: Libc;
  readonly #queries: Side;
  readonly #answers: Side;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#queries = layOut(libc, queryBytes);
    this.#answers = layOut(libc, answerBytes);
  }

  /** Sends queries from index `from` on, at most a batch. Returns how many, or an errno as a negative number. */
  send(descriptor: number, queries: readonly Uint8Array[], from: number): number {
    const { cells, words, pointer } = this.#queries;
    const count = Math.min(queries.length - from, batchSize);
    for (let i = 0; i < count; i += 1) {
      const query = queries[from + i] as Uint8Array;
      (cells[i] as Uint8Array).set(query);
      words[(batchSize * headerBytes + i * iovBytes) / 4 + iov.length] = query.length;
    }
    for (;;) {
      const sent = this.#libc.sendmmsg(descriptor, pointer, count, linux.MSG_DONTWAIT);
      if (sent > 0) return sent;
      const errno = this.#libc.errno();
      if (errno !== linux.EINTR) return -errno;
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
}

/** The memory of the datagrams of one direction. */
interface Side {
  readonly cells: readonly Uint8Array[];
  readonly words: Uint32Array;
  readonly pointer: bigint;
}

function layOut(libc: Libc, cellBytes: number): Side {
  const cellsAt = batchSize * (headerBytes + iovBytes);
  const memory = new ArrayBuffer(cellsAt + batchSize * cellBytes);
  const pointer = libc.pointerTo(memory);
  const view = new DataView(memory);
  for (let i = 0; i < batchSize; i += 1) {
    const vector = batchSize * headerBytes + i * iovBytes;
    view.setBigUint64(i * headerBytes + header.iov * 4, pointer + BigInt(vector), true);
    view.setBigUint64(i * headerBytes + header.iovLength * 4, 1n, true);
    view.setBigUint64(vector, pointer + BigInt(cellsAt + i * cellBytes), true);
    view.setBigUint64(vector + iov.length * 4, BigInt(cellBytes), true);
  }
  const cells = Array.from({ length: batchSize }, (_, i) => new Uint8Array(memory, cellsAt + i * cellBytes, cellBytes));
  return { cells, words: new Uint32Array(memory, 0, cellsAt / 4), pointer };
}
