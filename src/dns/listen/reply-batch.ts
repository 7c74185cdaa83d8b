// A batch of answers on their way out. Answers in a row to one socket leave as one message, which the kernel cuts into datagrams again (UDP_SEGMENT): most
// of what an answer costs is its way through the kernel, and forwarders that ask from one port get theirs for little more than that of one.
// How they lie: message-layout.ts.

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

/** What a datagram over IPv4 can hold; the kernel cuts up no more at once. */
const greatestPayload = 65_507;

export class ReplyBatch {
  readonly #responses: readonly Uint8Array[];
  readonly #pointers: readonly bigint[];
  /** Answers that were added, and messages that they go out in. */
  answerCount = 0;
  messageCount = 0;
  /** Whether answers may share a message. */
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
  /** Of each answer the query, and of each message the first answer. */
  readonly #queryOf = new Uint8Array(batchSize);
  readonly #firstAnswer = new Uint8Array(batchSize);
  /** The last message: how many octets its segments have, and whether another answer may join it. */
  #segmentLength = 0;
  #isOpen = false;

  /** `joins`: the kernel knows UDP_SEGMENT. */
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

  /** Forgets all answers. */
  clear(): void {
    this.answerCount = 0;
    this.messageCount = 0;
    this.#isOpen = false;
  }

  /** From now on each answer has a message to itself. */
  stopJoining(): void {
    this.#joins = false;
  }

  /** The response cell for the next answer. */
  get nextResponse(): Uint8Array {
    return this.#responses[this.answerCount]!;
  }

  /** Where the kernel finds this message and those behind it. */
  replyAt(message: number): bigint {
    return this.#pointers[message]!;
  }

  /** What is in {@link nextResponse} goes to the sender of query `i`, from the address that it asked. */
  addAnswer(i: number, length: number): void {
    const answer = this.answerCount;
    this.answerCount += 1;
    this.#queryOf[answer] = i;
    this.#iovs[answer * iov.words + iov.length] = length;
    if (this.#controlLength > 0) this.#forgetInterface(i * controlBytes + segmentBytes);
    if (this.#isOpen && length <= this.#segmentLength && this.#joinLast(i, answer)) {
      // Only the last segment may be shorter.
      this.#isOpen = length === this.#segmentLength;
      return;
    }
    this.#beginMessage(answer);
    this.#segmentLength = length;
    this.#isOpen = this.#joins;
  }

  /** How an answer gets to the sender of query `i` from the address that it asked; a view, valid until the next batch. */
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
    this.#controlWords[index >>> 2] = 0;
  }
}

/** Whether so many octets are the same in two places. */
function areEqual(words: Uint32Array, a: number, b: number, octets: number): boolean {
  for (let at = 0; at < octets; at += 4) if (words[(a + at) >>> 2] !== words[(b + at) >>> 2]) return false;
  return true;
}
