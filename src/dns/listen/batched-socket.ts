// UDP in batches of 64, without an event loop: recvmmsg, answer, sendmmsg, again. Without node:ffi: datagram-socket.ts.
// Sockets opened here are unknown to Node. The thread only reports them: closing them is the main thread's, which outlives it.

import { closeSync } from 'node:fs';
import { addressRdata, familyOf } from '../../model/address.ts';
import { type Endpoint, isWildcard } from '../../model/endpoint.ts';
import { newClient } from '../respond/client.ts';
import type { Answerer } from './answerer.ts';
import { type Libc, LibcError, linux } from './libc.ts';
import { type CounterCells, counterCell } from './listen-counters.ts';
import { listenError } from './listen-error.ts';
import { batchSize, MessageBatch } from './message-batch.ts';
import { receiveBufferSize, sendBufferSize } from './udp-sizes.ts';

/** So long, in milliseconds, a thread waits for queries before it looks whether it should stop. */
const longestWait = 200;
/** So long, in milliseconds, a batch of answers waits in all for a way out that is full: queries wait behind it, of clients whose way is another. */
const longestSend = 5;
/** Batches that a stopping thread still answers on each socket: enough for a full receive buffer, and no flood keeps it from stopping. */
const drainBatches = 256;
/** Receiving may fail once for reasons of the network. So often in a row, the socket is broken. */
const mostFailures = 1_000;

export class BatchedSocket {
  readonly descriptor: number;
  readonly #libc: Libc;
  readonly #batch: MessageBatch;
  readonly #requests: bigint;
  readonly #replies: readonly bigint[];
  readonly #client = newClient('udp');
  readonly #untilWritable: ArrayBuffer;
  readonly #counters: CounterCells;
  #toPrepare = 0;
  #failures = 0;

  constructor(
    libc: Libc,
    descriptor: number,
    options: { withControl: boolean; joins: boolean },
    counters: CounterCells,
  ) {
    this.#libc = libc;
    this.descriptor = descriptor;
    this.#counters = counters;
    this.#batch = new MessageBatch(libc.pointerTo, options.withControl, options.joins);
    this.#untilWritable = Int32Array.of(descriptor, linux.POLLOUT).buffer;
    const base = libc.pointerTo(this.#batch.memory);
    this.#requests = base + BigInt(this.#batch.requestsAt);
    // The headers from any reply on: pointers are BigInt, made once.
    this.#replies = Array.from({ length: batchSize }, (_, i) => base + BigInt(this.#batch.repliesAt + i * 64));
  }

  /** Receives up to a batch and returns how many; waits for the first of them if it is to `block`, but not forever. */
  receive(block: boolean): number {
    this.#batch.prepare(this.#toPrepare);
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
    if (this.#failures > mostFailures) throw new LibcError('recvmmsg', errno);
    return 0;
  }

  /** Answers the `count` queries that were received. */
  answer(count: number, answerer: Answerer): void {
    const batch = this.#batch;
    const client = this.#client;
    answerer.wake();
    for (let i = 0; i < count; i += 1) {
      const length = batch.queryLength(i);
      if (length === 0) continue;
      batch.readClient(i, client);
      const answered = answerer.respond(batch.queries[i]!, length, batch.nextResponse, client);
      if (answered > 0) batch.addAnswer(i, answered);
    }
    answerer.sleep();
    const answers = batch.answerCount;
    this.#counters.add(counterCell.udpReceived, count);
    this.#counters.add(counterCell.udpAnswered, answers);
    this.#counters.add(counterCell.udpSilent, count - answers);
    this.#send();
  }

  #send(): void {
    const batch = this.#batch;
    let sent = 0;
    let hasWaited = false;
    while (sent < batch.messageCount) {
      const left = batch.messageCount - sent;
      const taken = this.#libc.sendmmsg(this.descriptor, this.#replies[sent]!, left, linux.MSG_DONTWAIT);
      if (taken > 0) {
        sent += taken;
        continue;
      }
      const errno = this.#libc.errno();
      if (errno === linux.EINTR) continue;
      if (errno === linux.EAGAIN) {
        if (!hasWaited && this.#libc.poll(this.#untilWritable, 1n, longestSend) > 0) {
          hasWaited = true;
          continue;
        }
        // Better lose these than the queries that wait behind them.
        this.#counters.add(counterCell.udpSendFailed, batch.answersFrom(sent));
        return;
      }
      if (batch.answersIn(sent) > 1) {
        batch.separateFrom(sent);
        if (errno === linux.EIO) batch.joins = false;
        continue;
      }
      // This one cannot be sent, or an earlier one's ICMP error is reported as its failure; those behind it may do better.
      this.#counters.add(counterCell.udpSendFailed);
      sent += 1;
    }
  }
}

/** Opens a socket on the address, which shares its port with other threads' sockets. */
export function openBatchedSocket(libc: Libc, address: Endpoint, counters: CounterCells): BatchedSocket {
  const ipv6 = familyOf(address.address) === 'ipv6';
  const withControl = isWildcard(address);
  let descriptor = -1;
  try {
    const { SOL_SOCKET, IPPROTO_IP, IPPROTO_IPV6 } = linux;
    descriptor = libc.socket(ipv6 ? linux.AF_INET6 : linux.AF_INET, linux.SOCK_DGRAM | linux.SOCK_CLOEXEC, 0);
    check('socket', descriptor, libc);
    setOption(libc, descriptor, SOL_SOCKET, linux.SO_REUSEPORT, int(1));
    setOption(libc, descriptor, SOL_SOCKET, linux.SO_RCVBUF, int(receiveBufferSize));
    setOption(libc, descriptor, SOL_SOCKET, linux.SO_SNDBUF, int(sendBufferSize));
    setOption(libc, descriptor, SOL_SOCKET, linux.SO_RCVTIMEO, timeval(longestWait));
    // What routers, or whoever says to be one, tell of the way's MTU is not believed: answers in fragments are easier to forge. So do NSD, Knot and BIND.
    if (ipv6) setOption(libc, descriptor, IPPROTO_IPV6, linux.IPV6_MTU_DISCOVER, int(linux.IPV6_PMTUDISC_OMIT));
    else setOption(libc, descriptor, IPPROTO_IP, linux.IP_MTU_DISCOVER, int(linux.IP_PMTUDISC_OMIT));
    if (ipv6) setOption(libc, descriptor, IPPROTO_IPV6, linux.IPV6_V6ONLY, int(1));
    if (withControl && ipv6) setOption(libc, descriptor, IPPROTO_IPV6, linux.IPV6_RECVPKTINFO, int(1));
    if (withControl && !ipv6) setOption(libc, descriptor, IPPROTO_IP, linux.IP_PKTINFO, int(1));
    const name = socketAddress(address);
    check('bind', libc.bind(descriptor, name, name.byteLength), libc);
    const none = int(0);
    const joins = libc.setsockopt(descriptor, linux.IPPROTO_UDP, linux.UDP_SEGMENT, none, none.byteLength) === 0;
    return new BatchedSocket(libc, descriptor, { withControl, joins }, counters);
  } catch (error) {
    if (descriptor >= 0) closeSync(descriptor);
    throw listenError(address, 'UDP', error);
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
      // One call to wait and to receive.
      const count = only.receive(true);
      if (count > 0) only.answer(count, answerer);
      continue;
    }
    let received = 0;
    for (const socket of sockets) received += receiveAndAnswer(socket, answerer);
    if (received === 0) libc.poll(waiting, many, longestWait);
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

function setOption(libc: Libc, descriptor: number, level: number, option: number, value: ArrayBuffer): void {
  check('setsockopt', libc.setsockopt(descriptor, level, option, value, value.byteLength), libc);
}

function check(call: string, result: number, libc: Libc): void {
  if (result < 0) throw new LibcError(call, libc.errno());
}

function int(value: number): ArrayBuffer {
  return Int32Array.of(value).buffer;
}

/** struct timeval: seconds and microseconds. */
function timeval(milliseconds: number): ArrayBuffer {
  return BigInt64Array.of(BigInt(Math.floor(milliseconds / 1_000)), BigInt((milliseconds % 1_000) * 1_000)).buffer;
}

/** struct pollfd for each: descriptor, and what to wait for. */
function pollList(sockets: readonly BatchedSocket[]): ArrayBuffer {
  return Int32Array.from(sockets.flatMap(({ descriptor }) => [descriptor, linux.POLLIN])).buffer;
}

/** struct sockaddr_in (16 octets), or sockaddr_in6 (28, with no flow and no scope). */
function socketAddress({ address, port }: Endpoint): ArrayBuffer {
  const rdata = addressRdata(address);
  const ipv4 = rdata.length === 4;
  const bytes = new Uint8Array(ipv4 ? 16 : 28);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, ipv4 ? linux.AF_INET : linux.AF_INET6, true);
  view.setUint16(2, port);
  bytes.set(rdata, ipv4 ? 4 : 8);
  return bytes.buffer;
}
