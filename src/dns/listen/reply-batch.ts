// A batch of answers to be sent. Consecutive answers to one client socket are sent as one message if possible, which
// the kernel cuts into datagrams (UDP_SEGMENT). Most of an answer's cost is its way through the kernel, so several
// answers in one message cost little more than one. The memory: message-layout.ts.

import type { Envelope } from '../handed-on/query-ring.ts';
import { linux } from './libc.ts';
import {
  batchSize,
  control,
  controlBytes,
  header,
  iov,
  type MessageMemory,
  nameBytes,
  packetInfoBytes,
  segmentBytes,
} from './message-layout.ts';
import { maxPayload } from './udp-sizes.ts';

export class ReplyBatch {
  readonly #responses: readonly Uint8Array[];
  readonly #pointers: readonly bigint[];
  /** The number of added answers, and the number of messages that have these answers. */
  answerCount = 0;
  messageCount = 0;
  /** True if answers may share a message. */
  #joins: boolean;
  readonly #requests: Uint32Array;
  readonly #replies: Uint32Array;
  readonly #iovs: Uint32Array;
  readonly #names: Uint8Array;
  readonly #nameWords: Uint32Array;
  readonly #controls: Uint8Array;
  readonly #controlWords: Uint32Array;
  readonly #controlLength: number;
  readonly #iovPointers: Uint32Array;
  readonly #controlPointers: Uint32Array;
  /** The query of each answer, and the first answer of each message. */
  readonly #queryOf = new Uint8Array(batchSize);
  readonly #firstAnswer = new Uint8Array(batchSize);
  /** The segment length of the last message, and whether another answer may be added to it. */
  #segmentLength = 0;
  #isOpen = false;

  /** `joins`: answers may share a message, since the kernel knows UDP_SEGMENT. */
  constructor(memory: MessageMemory, joins: boolean) {
    this.#responses = memory.responses;
    this.#pointers = memory.replyPointers;
    this.#joins = joins;
    this.#requests = memory.requests;
    this.#replies = memory.replies;
    this.#iovs = memory.replyIovs;
    this.#names = memory.names;
    this.#nameWords = memory.nameWords;
    this.#controls = memory.controls;
    this.#controlWords = memory.controlWords;
    this.#controlLength = memory.controlLength;
    this.#iovPointers = memory.iovPointers;
    this.#controlPointers = memory.controlPointers;
  }

  clear(): void {
    this.answerCount = 0;
    this.messageCount = 0;
    this.#isOpen = false;
  }

  /** Gives each further answer its own message. */
  stopJoining(): void {
    this.#joins = false;
  }

  get nextResponse(): Uint8Array {
    return this.#responses[this.answerCount]!;
  }

  /** Returns the address of this message's header. The headers of the next messages follow it. */
  replyAt(message: number): bigint {
    return this.#pointers[message]!;
  }

  /**
   * Adds the answer in {@link nextResponse}, to the sender of query `i` and from the address to which the query came.
   */
  addAnswer(i: number, length: number): void {
    const answer = this.answerCount;
    this.answerCount += 1;
    this.#queryOf[answer] = i;
    this.#iovs[answer * iov.words + iov.length] = length;
    if (this.#controlLength > 0) this.#forgetInterface(i * controlBytes + segmentBytes);
    if (this.#isOpen && length <= this.#segmentLength && this.#joinLast(i, answer)) {
      // Only the last segment of a message may be shorter.
      this.#isOpen = length === this.#segmentLength;
      return;
    }
    this.#beginMessage(answer);
    this.#segmentLength = length;
    this.#isOpen = this.#joins;
  }

  /**
   * Returns the addresses for a late answer to query `i`: the sender's, and that of ours to which the query came. They
   * are views of the batch's memory, which are valid until the next batch.
   */
  envelopeOf(i: number): Envelope {
    const request = i * header.words;
    const info = i * controlBytes + segmentBytes;
    const controlLength = this.#controlLength > 0 ? this.#requests[request + header.controlLength]! : 0;
    if (controlLength > 0) this.#forgetInterface(info);
    return {
      name: this.#names.subarray(i * nameBytes, i * nameBytes + this.#requests[request + header.nameLength]!),
      control: this.#controls.subarray(info, info + controlLength),
    };
  }

  /** Returns the number of answers in this message and all after it. */
  answersFrom(message: number): number {
    return this.answerCount - this.#firstAnswer[message]!;
  }

  answersIn(message: number): number {
    const rest = this.answersFrom(message);
    return message + 1 < this.messageCount ? rest - this.answersFrom(message + 1) : rest;
  }

  /** Gives each answer in this message, and in all after it, its own message. */
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

  /** Adds the answer to the last message, if the message has the same recipient and enough room. */
  #joinLast(i: number, answer: number): boolean {
    const message = this.messageCount - 1;
    const first = this.#queryOf[this.#firstAnswer[message]!]!;
    const segments = answer - this.#firstAnswer[message]! + 1;
    if (segments * this.#segmentLength > maxPayload || !this.#goTheSameWay(first, i)) return false;
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

  /** Returns whether two queries came from the same socket, to the same address of ours. */
  #goTheSameWay(a: number, b: number): boolean {
    if (!areEqual(this.#nameWords, a * nameBytes, b * nameBytes, nameBytes)) return false;
    if (this.#controlLength === 0) return true;
    const infoOf = (i: number) => i * controlBytes + segmentBytes;
    return areEqual(this.#controlWords, infoOf(a), infoOf(b), packetInfoBytes);
  }

  /**
   * Clears the interface, so that routing chooses one; the source address stays. Answers from link-local IPv6 addresses
   * need their interface and keep it.
   */
  #forgetInterface(at: number): void {
    const controls = this.#controls;
    const ipv4 = controls[at + control.type] === linux.IP_PKTINFO;
    if (!ipv4 && controls[at + control.ipv6Address] === 0xfe) return;
    const index = at + (ipv4 ? control.ipv4Interface : control.ipv6Interface);
    this.#controlWords[index >>> 2] = 0;
  }
}

function areEqual(words: Uint32Array, a: number, b: number, octets: number): boolean {
  for (let at = 0; at < octets; at += 4) if (words[(a + at) >>> 2] !== words[(b + at) >>> 2]) return false;
  return true;
}
