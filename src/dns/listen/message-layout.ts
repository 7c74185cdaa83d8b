// The memory of a batch, which the kernel fills with datagrams, and from which the kernel takes answers. The memory has
// each struct mmsghdr and everything to which it points, as on 64-bit little-endian Linux with glibc or musl. It is
// laid out once: later, only a few fields change. Queries: received-batch.ts. Answers: reply-batch.ts. The calls:
// batched-socket.ts.

import { linux } from './libc.ts';
import { maxDatagram } from './udp-sizes.ts';

/**
 * The most datagrams in a batch. More than 64 answers could not share a message: older kernels cut a message into 64
 * datagrams at most (UDP_MAX_SEGMENTS), and refuse a longer one.
 */
export const batchSize = 64;

/** struct mmsghdr, as indices of its 32-bit words. Pointers and size_t have two words. */
export const header = {
  words: 16,
  name: 0,
  nameLength: 2,
  iov: 4,
  iovLength: 6,
  control: 8,
  controlLength: 10,
  length: 14,
} as const;
export const headerBytes = header.words * 4;
/** struct iovec: a pointer and a size_t. */
export const iov = { words: 4, length: 2 } as const;
export const iovBytes = iov.words * 4;
/** Room for a struct sockaddr_in6 of 28 octets. */
export const nameBytes = 32;
/**
 * Room for a control message with UDP_SEGMENT: 16 + 2, padded. It is in front of the control message that the kernel
 * wrote, so that both can be sent as one block.
 */
export const segmentBytes = 24;
/** Room for a control message with in6_pktinfo, after the one with UDP_SEGMENT: 16 + 20, padded. */
export const packetInfoBytes = 40;
export const controlBytes = segmentBytes + packetInfoBytes;
/** Octets of a cell. Not a power of two, since else the first octets of all cells would compete for cache lines. */
const cellBytes = maxDatagram + 64;

/**
 * Offsets within a control message: cmsghdr, 16 octets (length 8, level 4, type 4), then the size of a segment,
 * in_pktinfo (index, address to send from, …) or in6_pktinfo (address, index).
 */
export const control = {
  length: 0,
  level: 8,
  type: 12,
  segment: 16,
  ipv4Interface: 16,
  ipv6Address: 16,
  ipv6Interface: 32,
} as const;

/** A batch's memory: its parts, and their addresses for the kernel. Each view keeps the whole buffer alive. */
export interface MessageMemory {
  /** The headers of queries and of replies. */
  readonly requests: Uint32Array;
  readonly replies: Uint32Array;
  readonly replyIovs: Uint32Array;
  /** The socket address of each query's sender, to which the answer is sent. */
  readonly names: Uint8Array;
  readonly nameWords: Uint32Array;
  /** The control messages of each query. The answer is sent with them. */
  readonly controls: Uint8Array;
  readonly controlWords: Uint32Array;
  /** The octets that the kernel may write into each query's control messages. */
  readonly controlLength: number;
  readonly queries: readonly Uint8Array[];
  readonly responses: readonly Uint8Array[];
  /** The addresses of each answer's iov and of each query's control messages, as two words each. */
  readonly iovPointers: Uint32Array;
  readonly controlPointers: Uint32Array;
  /** The addresses of the first request's header and of each reply's header, as BigInt, made once. */
  readonly requestPointer: bigint;
  readonly replyPointers: readonly bigint[];
}

/**
 * Lays out the memory of a batch. `pointerTo` returns the address of a buffer. With `withControl`, each datagram is
 * received with the address to which it was sent.
 */
export function layOutMessages(pointerTo: (buffer: ArrayBuffer) => bigint, withControl: boolean): MessageMemory {
  let end = 0;
  const reserve = (bytes: number): number => {
    const start = end;
    end += batchSize * bytes;
    return start;
  };
  const requests = reserve(headerBytes);
  const replies = reserve(headerBytes);
  const requestIovs = reserve(iovBytes);
  const replyIovs = reserve(iovBytes);
  const names = reserve(nameBytes);
  const controls = reserve(controlBytes);
  const queries = reserve(cellBytes);
  const responses = reserve(cellBytes);
  const memory = new ArrayBuffer(end);
  const base = pointerTo(memory);
  const view = new DataView(memory);
  const point = (at: number, target: number) => view.setBigUint64(at, base + BigInt(target), true);
  for (let i = 0; i < batchSize; i += 1) {
    const sides = [
      [requests + i * headerBytes, requestIovs + i * iovBytes, queries + i * cellBytes],
      [replies + i * headerBytes, replyIovs + i * iovBytes, responses + i * cellBytes],
    ] as const;
    for (const [message, vector, cell] of sides) {
      point(message + header.name * 4, names + i * nameBytes);
      point(message + header.iov * 4, vector);
      view.setBigUint64(message + header.iovLength * 4, 1n, true);
      if (withControl) point(message + header.control * 4, controls + i * controlBytes + segmentBytes);
      point(vector, cell);
      view.setBigUint64(vector + iov.length * 4, BigInt(maxDatagram), true);
    }
    const segment = controls + i * controlBytes;
    view.setBigUint64(segment + control.length, 18n, true);
    view.setUint32(segment + control.level, linux.IPPROTO_UDP, true);
    view.setUint32(segment + control.type, linux.UDP_SEGMENT, true);
  }
  const words = (start: number, bytes: number) => new Uint32Array(memory, start, (batchSize * bytes) / 4);
  const octets = (start: number, bytes: number) => new Uint8Array(memory, start, batchSize * bytes);
  const cells = (start: number) =>
    Array.from({ length: batchSize }, (_, i) => new Uint8Array(memory, start + i * cellBytes, maxDatagram));
  const pointers = (start: number, bytes: number) =>
    Array.from({ length: batchSize }, (_, i) => base + BigInt(start + i * bytes));
  const asWords = (pointers: readonly bigint[]) => new Uint32Array(BigUint64Array.from(pointers).buffer);
  return {
    requests: words(requests, headerBytes),
    replies: words(replies, headerBytes),
    replyIovs: words(replyIovs, iovBytes),
    names: octets(names, nameBytes),
    nameWords: words(names, nameBytes),
    controls: octets(controls, controlBytes),
    controlWords: words(controls, controlBytes),
    controlLength: withControl ? packetInfoBytes : 0,
    queries: cells(queries),
    responses: cells(responses),
    iovPointers: asWords(pointers(replyIovs, iovBytes)),
    controlPointers: asWords(pointers(controls, controlBytes)),
    requestPointer: base + BigInt(requests),
    replyPointers: pointers(replies, headerBytes),
  };
}
