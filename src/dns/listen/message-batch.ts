// Memory that the kernel fills with a batch of datagrams and takes a batch of answers from: struct mmsghdr and all it points to,
// as on 64-bit little-endian Linux, for glibc and musl alike. Laid out once; per query only lengths change. The calls: batched-socket.ts.
// Answers in a row to one socket leave as one message, which the kernel cuts into datagrams again (UDP_SEGMENT): most of what an answer costs is its way
// through the kernel, and forwarders that ask from one port get theirs for little more than that of one.

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
  length: 14,
} as const;
const headerBytes = header.words * 4;
/** struct iovec: a pointer and a size_t. */
const iovWords = 4;
const iovBytes = 16;
/** Room for sockaddr_in6, 28 octets. */
const nameBytes = 32;
/** A control message with UDP_SEGMENT: 16 + 2, padded. It stands in front of what the kernel wrote, so that both go out as they stand. */
const segmentBytes = 24;
/** Behind it, room for one with in6_pktinfo: 16 + 20, padded. */
const packetInfoBytes = 40;
const controlBytes = segmentBytes + packetInfoBytes;
/** Not a power of two, or the first octets of all cells would compete for the same lines of the processor's cache. */
const cellBytes = largestDatagram + 64;

const ipv4NameLength = 16;
/**
 * Within a control message: cmsghdr has 16 octets (length 8, level 4, type 4), then the size of a segment, in_pktinfo (index, address to send from, …) or
 * in6_pktinfo (address, index).
 */
const control = {
  length: 0,
  level: 8,
  type: 12,
  segment: 16,
  ipv4Interface: 16,
  ipv6Address: 16,
  ipv6Interface: 32,
} as const;
/** What a datagram over IPv4 can hold; the kernel cuts up no more at once. */
const greatestPayload = 65_507;

export class MessageBatch {
  /** The kernel writes to this; whoever has a pointer to it keeps the batch. */
  readonly memory: ArrayBuffer;
  readonly requestsAt: number;
  readonly repliesAt: number;
  readonly queries: readonly Uint8Array[];
  readonly responses: readonly Uint8Array[];
  /** Answers that were added, and messages that they go out in. */
  answerCount = 0;
  messageCount = 0;
  /** Whether answers may share a message. */
  joins: boolean;
  readonly #requests: Uint32Array;
  readonly #replies: Uint32Array;
  readonly #replyIovs: Uint32Array;
  readonly #names: Uint8Array;
  readonly #nameWords: Uint32Array;
  readonly #controls: Uint8Array;
  readonly #controlWords: Uint32Array;
  readonly #controlLength: number;
  /** As words, two each: where the iov of each answer lies, and the control messages of each query. */
  readonly #iovPointers: Uint32Array;
  readonly #controlPointers: Uint32Array;
  /** Of each answer the query, and of each message the first answer. */
  readonly #queryOf = new Uint8Array(batchSize);
  readonly #firstAnswer = new Uint8Array(batchSize);
  /** The last message: how many octets its segments have, and whether another answer may join it. */
  #segmentLength = 0;
  #isOpen = false;

  /**
   * `pointerTo` says where the memory lies; `withControl`: each datagram comes with the address that it was sent to; `joins`: the kernel knows UDP_SEGMENT.
   */
  constructor(pointerTo: (buffer: ArrayBuffer) => bigint, withControl: boolean, joins: boolean) {
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
    this.#nameWords = new Uint32Array(memory, names, batchSize * (nameBytes / 4));
    this.#controls = new Uint8Array(memory, controls, batchSize * controlBytes);
    this.#controlWords = new Uint32Array(memory, controls, batchSize * (controlBytes / 4));
    this.#controlLength = withControl ? packetInfoBytes : 0;
    this.joins = joins;

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
        if (withControl) point(message + header.control * 4, controls + i * controlBytes + segmentBytes);
        point(iov, cell);
        view.setBigUint64(iov + 8, BigInt(largestDatagram), true);
      }
    }
    const pointers = (start: number, bytes: number) =>
      new Uint32Array(BigUint64Array.from({ length: batchSize }, (_, i) => base + BigInt(start + i * bytes)).buffer);
    this.#iovPointers = pointers(replyIovs, iovBytes);
    this.#controlPointers = pointers(controls, controlBytes);
    for (let at = controls; at < controls + batchSize * controlBytes; at += controlBytes) {
      view.setBigUint64(at + control.length, 18n, true);
      view.setUint32(at + control.level, linux.IPPROTO_UDP, true);
      view.setUint32(at + control.type, linux.UDP_SEGMENT, true);
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
    this.answerCount = 0;
    this.messageCount = 0;
    this.#isOpen = false;
  }

  /** The length of query `i`, as much of it as there is room for; 0 when it has no port to answer to. */
  queryLength(i: number): number {
    const at = i * header.words;
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
    return this.responses[this.answerCount]!;
  }

  /** What is in {@link nextResponse} goes to the sender of query `i`, from the address that it asked. */
  addAnswer(i: number, length: number): void {
    const answer = this.answerCount;
    this.answerCount += 1;
    this.#queryOf[answer] = i;
    this.#replyIovs[answer * iovWords + 2] = length;
    if (this.#controlLength > 0) this.#forgetInterface(i * controlBytes + segmentBytes);
    if (this.#isOpen && length <= this.#segmentLength && this.#joinLast(i, answer)) {
      // Only the last segment may be shorter.
      this.#isOpen = length === this.#segmentLength;
      return;
    }
    this.#beginMessage(answer);
    this.#segmentLength = length;
    this.#isOpen = this.joins;
  }

  /** Answers in the messages from this one on. */
  answersFrom(message: number): number {
    return this.answerCount - this.#firstAnswer[message]!;
  }

  /** Answers that share this message. */
  answersIn(message: number): number {
    const rest = this.answersFrom(message);
    return message + 1 < this.messageCount ? rest - this.answersFrom(message + 1) : rest;
  }

  /** Gives the answers in the messages from this one on a message each. */
  separateFrom(message: number): void {
    const first = this.#firstAnswer[message]!;
    this.messageCount = message;
    for (let answer = first; answer < this.answerCount; answer += 1) this.#beginMessage(answer);
  }

  #beginMessage(answer: number): void {
    const from = this.#requests;
    const to = this.#replies;
    const reply = this.messageCount * header.words;
    const request = this.#queryOf[answer]! * header.words;
    this.#firstAnswer[this.messageCount] = answer;
    this.messageCount += 1;
    to[reply + header.name] = from[request + header.name]!;
    to[reply + header.name + 1] = from[request + header.name + 1]!;
    to[reply + header.nameLength] = from[request + header.nameLength]!;
    to[reply + header.iov] = this.#iovPointers[answer * 2]!;
    to[reply + header.iov + 1] = this.#iovPointers[answer * 2 + 1]!;
    to[reply + header.iovLength] = 1;
    to[reply + header.control] = from[request + header.control]!;
    to[reply + header.control + 1] = from[request + header.control + 1]!;
    to[reply + header.controlLength] = from[request + header.controlLength]!;
  }

  /** Adds the answer to the last message, if that goes the same way and has room. */
  #joinLast(i: number, answer: number): boolean {
    const message = this.messageCount - 1;
    const first = this.#queryOf[this.#firstAnswer[message]!]!;
    const segments = answer - this.#firstAnswer[message]! + 1;
    if (segments * this.#segmentLength > greatestPayload || !this.#goTheSameWay(first, i)) return false;
    const to = this.#replies;
    const reply = message * header.words;
    to[reply + header.iovLength] = segments;
    if (segments > 2) return true;
    const controls = first * controlBytes;
    this.#controlWords[(controls + control.segment) >>> 2] = this.#segmentLength;
    to[reply + header.control] = this.#controlPointers[first * 2]!;
    to[reply + header.control + 1] = this.#controlPointers[first * 2 + 1]!;
    to[reply + header.controlLength] = segmentBytes + this.#requests[first * header.words + header.controlLength]!;
    return true;
  }

  /** Whether two queries came from the same socket and asked the same address. */
  #goTheSameWay(a: number, b: number): boolean {
    if (!areEqual(this.#nameWords, a * nameBytes, b * nameBytes, nameBytes)) return false;
    if (this.#controlLength === 0) return true;
    const infoOf = (i: number) => i * controlBytes + segmentBytes;
    return areEqual(this.#controlWords, infoOf(a), infoOf(b), packetInfoBytes);
  }

  /** The answer's source address is the one that was asked, but its way is routing's choice: only link-local needs the interface. */
  #forgetInterface(at: number): void {
    const controls = this.#controls;
    const ipv4 = controls[at + control.type] === linux.IP_PKTINFO;
    if (!ipv4 && controls[at + control.ipv6Address] === 0xfe) return;
    const index = at + (ipv4 ? control.ipv4Interface : control.ipv6Interface);
    controls.fill(0, index, index + 4);
  }
}

/** Whether so many octets are the same in two places. */
function areEqual(words: Uint32Array, a: number, b: number, octets: number): boolean {
  for (let at = 0; at < octets; at += 4) if (words[(a + at) >>> 2] !== words[(b + at) >>> 2]) return false;
  return true;
}
