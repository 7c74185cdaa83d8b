// Memory that the kernel fills with a batch of datagrams and takes a batch of answers from: struct mmsghdr and all it points to,
// as on 64-bit little-endian Linux, for glibc and musl alike. Laid out once; per query only lengths change. The calls: batched-socket.ts.

import type { Client } from '../respond/client.ts';
import { linux } from './libc.ts';
import { largestDatagram } from './udp-sizes.ts';

/** Datagrams in a batch. */
export const batchSize = 64;

/** struct mmsghdr, as indices of its 32-bit words; pointers and size_t have two. */
const header = {
  words: 16,
  name: 0,
  nameLength: 2,
  iov: 4,
  iovLength: 6,
  control: 8,
  controlLength: 10,
  flags: 12,
  length: 14,
} as const;
const headerBytes = header.words * 4;
/** struct iovec: a pointer and a size_t. */
const iovWords = 4;
const iovBytes = 16;
/** Room for sockaddr_in6, 28 octets. */
const nameBytes = 32;
/** Room for a control message with in6_pktinfo: 16 + 20, padded to 40. */
const controlBytes = 64;
/** Not a power of two, or the first octets of all cells would compete for the same lines of the processor's cache. */
const cellBytes = largestDatagram + 64;

const ipv4NameLength = 16;
/** Within a control message: cmsghdr has 16 octets, then in_pktinfo (index, address to send from, …) or in6_pktinfo (address, index). */
const control = { type: 12, ipv4Interface: 16, ipv6Address: 16, ipv6Interface: 32, typeIpv4: 8 } as const;

export class MessageBatch {
  /** The kernel writes to this; whoever has a pointer to it keeps the batch. */
  readonly memory: ArrayBuffer;
  readonly requestsAt: number;
  readonly repliesAt: number;
  readonly queries: readonly Uint8Array[];
  readonly responses: readonly Uint8Array[];
  replyCount = 0;
  readonly #requests: Uint32Array;
  readonly #replies: Uint32Array;
  readonly #replyIovs: Uint32Array;
  readonly #names: Uint8Array;
  readonly #controls: Uint8Array;
  readonly #controlLength: number;

  /** `pointerTo` says where the memory lies; `withControl`: each datagram comes with the address that it was sent to. */
  constructor(pointerTo: (buffer: ArrayBuffer) => bigint, withControl: boolean) {
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
    const cells = (start: number) =>
      Array.from({ length: batchSize }, (_, i) => new Uint8Array(memory, start + i * cellBytes, largestDatagram));
    this.memory = memory;
    this.requestsAt = requests;
    this.repliesAt = replies;
    this.queries = cells(queries);
    this.responses = cells(responses);
    this.#requests = new Uint32Array(memory, requests, batchSize * header.words);
    this.#replies = new Uint32Array(memory, replies, batchSize * header.words);
    this.#replyIovs = new Uint32Array(memory, replyIovs, batchSize * iovWords);
    this.#names = new Uint8Array(memory, names, batchSize * nameBytes);
    this.#controls = new Uint8Array(memory, controls, batchSize * controlBytes);
    this.#controlLength = withControl ? controlBytes : 0;

    const view = new DataView(memory);
    const base = pointerTo(memory);
    const point = (at: number, target: number) => view.setBigUint64(at, base + BigInt(target), true);
    for (let i = 0; i < batchSize; i += 1) {
      const sides = [
        [requests + i * headerBytes, requestIovs + i * iovBytes, queries + i * cellBytes],
        [replies + i * headerBytes, replyIovs + i * iovBytes, responses + i * cellBytes],
      ] as const;
      for (const [message, iov, cell] of sides) {
        point(message + header.name * 4, names + i * nameBytes);
        point(message + header.iov * 4, iov);
        view.setBigUint64(message + header.iovLength * 4, 1n, true);
        if (withControl) point(message + header.control * 4, controls + i * controlBytes);
        point(iov, cell);
        view.setBigUint64(iov + 8, BigInt(largestDatagram), true);
      }
    }
    this.prepare(batchSize);
  }

  /** Makes the first `count` headers ready to receive again: the kernel wrote the lengths it found over those of the room there is. */
  prepare(count: number): void {
    const words = this.#requests;
    for (let i = 0, at = 0; i < count; i += 1, at += header.words) {
      words[at + header.nameLength] = nameBytes;
      words[at + header.controlLength] = this.#controlLength;
    }
    this.replyCount = 0;
  }

  /** The length of query `i`; 0 when it cannot be answered: it was cut short, or has no port to answer to. */
  queryLength(i: number): number {
    const at = i * header.words;
    if ((this.#requests[at + header.flags]! & linux.MSG_TRUNC) !== 0) return 0;
    const port = i * nameBytes + 2;
    if (this.#names[port] === 0 && this.#names[port + 1] === 0) return 0;
    return this.#requests[at + header.length]!;
  }

  /** Fills in who sent query `i`. */
  readClient(i: number, client: Client): void {
    const ipv4 = this.#requests[i * header.words + header.nameLength] === ipv4NameLength;
    const length = ipv4 ? 4 : 16;
    const from = i * nameBytes + (ipv4 ? 4 : 8);
    for (let octet = 0; octet < length; octet += 1) client.address[octet] = this.#names[from + octet]!;
    client.addressLength = length;
  }

  /** The response cell for the next answer. */
  get nextResponse(): Uint8Array {
    return this.responses[this.replyCount]!;
  }

  /** What is in {@link nextResponse} goes to the sender of query `i`, from the address that it asked. */
  addReply(i: number, length: number): void {
    const reply = this.replyCount * header.words;
    const request = i * header.words;
    this.replyCount += 1;
    const from = this.#requests;
    const to = this.#replies;
    to[reply + header.name] = from[request + header.name]!;
    to[reply + header.name + 1] = from[request + header.name + 1]!;
    to[reply + header.nameLength] = from[request + header.nameLength]!;
    this.#replyIovs[(reply / header.words) * iovWords + 2] = length;
    if (this.#controlLength === 0) return;
    to[reply + header.control] = from[request + header.control]!;
    to[reply + header.control + 1] = from[request + header.control + 1]!;
    to[reply + header.controlLength] = from[request + header.controlLength]!;
    this.#forgetInterface(i * controlBytes);
  }

  /** The answer's source address is the one that was asked, but its way is routing's choice: only link-local needs the interface. */
  #forgetInterface(at: number): void {
    const controls = this.#controls;
    const ipv4 = controls[at + control.type] === control.typeIpv4;
    if (!ipv4 && controls[at + control.ipv6Address] === 0xfe) return;
    const index = at + (ipv4 ? control.ipv4Interface : control.ipv6Interface);
    controls.fill(0, index, index + 4);
  }
}
