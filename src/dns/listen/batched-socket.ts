// UDP in batches of up to 64 datagrams, without an event loop: recvmmsg, answer, sendmmsg, and again.
// open-batched-socket.ts opens such a socket. If these sockets do not work here, datagram-socket.ts is used.

import type { Outlets } from '../handed-on/outlet.ts';
import { type Client, newClient } from '../respond/client.ts';
import type { FoundForwarder, HandedOnKind } from '../respond/hand-on.ts';
import type { Answerer } from './answerer.ts';
import { type Libc, LibcError, linux } from './libc.ts';
import { type CounterCells, counterCell } from './listen-counters.ts';
import { batchSize, layOutMessages } from './message-layout.ts';
import { ReceivedBatch } from './received-batch.ts';
import { ReplyBatch } from './reply-batch.ts';

/** Milliseconds that a thread waits for queries before it checks whether it must stop. */
export const maxWait = 200;
/**
 * Milliseconds that a batch of answers waits, in all, for a full send buffer. The wait is short, since queries of other
 * clients wait meanwhile.
 */
const maxSendWait = 5;
/**
 * The most batches that a stopping thread answers on each socket: enough for a full receive buffer. Without a limit, a
 * flood could keep the thread running.
 */
const drainBatches = 256;
/** Receiving can fail because of the network. After more failures in a row than this, the socket counts as broken. */
const maxFailures = 1_000;

export class BatchedSocket {
  readonly descriptor: number;
  readonly #libc: Libc;
  readonly #received: ReceivedBatch;
  readonly #replies: ReplyBatch;
  readonly #requests: bigint;
  readonly #client: Client = newClient('udp');
  /** The index of the query that is being answered. */
  #current = 0;
  readonly #untilWritable: ArrayBuffer;
  readonly #counters: CounterCells;
  #toPrepare = batchSize;
  #failures = 0;

  constructor(
    libc: Libc,
    descriptor: number,
    options: { withControl: boolean; joins: boolean },
    counters: CounterCells,
    outlets?: Outlets,
  ) {
    this.#libc = libc;
    this.descriptor = descriptor;
    this.#counters = counters;
    const memory = layOutMessages(libc.pointerTo, options.withControl);
    this.#received = new ReceivedBatch(memory);
    this.#replies = new ReplyBatch(memory, options.joins);
    this.#requests = memory.requestPointer;
    this.#untilWritable = Int32Array.of(descriptor, linux.POLLOUT).buffer;
    if (outlets !== undefined)
      this.#client.handOn = (kind, query, length, found) => this.#handOn(outlets, kind, query, length, found);
  }

  /**
   * Receives a batch of queries and returns their number. If `block`, waits for the first query, at most `maxWait`.
   * Throws LibcError if the socket is broken.
   */
  receive(block: boolean): number {
    this.#received.prepare(this.#toPrepare);
    const flags = block ? linux.MSG_WAITFORONE : linux.MSG_DONTWAIT;
    const count = this.#libc.recvmmsg(this.descriptor, this.#requests, batchSize, flags, 0n);
    if (count >= 0) {
      this.#toPrepare = count;
      this.#failures = 0;
      return count;
    }
    this.#toPrepare = batchSize;
    const errno = this.#libc.errno();
    if (errno === linux.EAGAIN || errno === linux.EINTR) return 0;
    this.#counters.add(counterCell.udpReceiveFailed);
    this.#failures += 1;
    if (this.#failures > maxFailures) throw new LibcError('recvmmsg', errno);
    return 0;
  }

  /** Answers the `count` queries that were received. */
  answer(count: number, answerer: Answerer): void {
    const received = this.#received;
    const replies = this.#replies;
    const client = this.#client;
    replies.clear();
    let handedOn = 0;
    answerer.wake();
    for (let i = 0; i < count; i += 1) {
      const length = received.queryLength(i);
      if (length === 0) continue;
      received.readClient(i, client);
      this.#current = i;
      const answered = answerer.respond(received.queries[i]!, length, replies.nextResponse, client);
      if (answered > 0) replies.addAnswer(i, answered);
      else if (answered < 0) handedOn += 1;
    }
    answerer.sleep();
    const answers = replies.answerCount;
    this.#counters.add(counterCell.udpReceived, count);
    this.#counters.add(counterCell.udpAnswered, answers);
    this.#counters.add(counterCell.udpSilent, count - answers - handedOn);
    this.#send();
  }

  /** Hands the current query on. The other thread sends the answer by this socket's descriptor. */
  #handOn(outlets: Outlets, kind: HandedOnKind, query: Uint8Array, length: number, found: FoundForwarder): boolean {
    const outlet = outlets.of(kind);
    if (!outlet.admits(kind)) return false;
    const i = this.#current;
    return outlet.handOn({
      kind,
      message: query.subarray(0, length),
      client: this.#client,
      port: this.#received.clientPort(i),
      found,
      id: this.descriptor,
      envelope: this.#replies.envelopeOf(i),
    });
  }

  #send(): void {
    const replies = this.#replies;
    let sent = 0;
    let hasWaited = false;
    while (sent < replies.messageCount) {
      const left = replies.messageCount - sent;
      const taken = this.#libc.sendmmsg(this.descriptor, replies.replyAt(sent), left, linux.MSG_DONTWAIT);
      if (taken > 0) {
        sent += taken;
        continue;
      }
      const errno = this.#libc.errno();
      if (errno === linux.EINTR) continue;
      if (errno === linux.EAGAIN) {
        if (!hasWaited && this.#libc.poll(this.#untilWritable, 1n, maxSendWait) > 0) {
          hasWaited = true;
          continue;
        }
        // Drops the rest of the answers: queries would be lost while this thread waits longer.
        this.#counters.add(counterCell.udpSendFailed, replies.answersFrom(sent));
        return;
      }
      if (replies.answersIn(sent) > 1) {
        replies.separateFrom(sent);
        if (errno === linux.EIO) replies.stopJoining();
        continue;
      }
      // Skips this message: the next ones may still be sent.
      this.#counters.add(counterCell.udpSendFailed);
      sent += 1;
    }
  }
}

/** Answers on all sockets until the cell `stop` is not 0. Does not return to the event loop in between. */
export function answerBatches(
  libc: Libc,
  sockets: readonly BatchedSocket[],
  answerer: Answerer,
  stop: Int32Array,
): void {
  const [first] = sockets;
  const only = sockets.length === 1 ? first : undefined;
  const waiting = pollList(sockets);
  const many = BigInt(sockets.length);
  while (Atomics.load(stop, 0) === 0) {
    if (only !== undefined) {
      // One call both waits and receives.
      const count = only.receive(true);
      if (count > 0) only.answer(count, answerer);
      continue;
    }
    let received = 0;
    for (const socket of sockets) received += receiveAndAnswer(socket, answerer);
    if (received === 0) libc.poll(waiting, many, maxWait);
  }
  for (const socket of sockets) {
    for (let i = 0; i < drainBatches && receiveAndAnswer(socket, answerer) > 0; i += 1);
  }
}

function receiveAndAnswer(socket: BatchedSocket, answerer: Answerer): number {
  const count = socket.receive(false);
  if (count > 0) socket.answer(count, answerer);
  return count;
}

/** Returns a struct pollfd for each socket: its descriptor, and the events to wait for. */
function pollList(sockets: readonly BatchedSocket[]): ArrayBuffer {
  return Int32Array.from(sockets.flatMap(({ descriptor }) => [descriptor, linux.POLLIN])).buffer;
}
