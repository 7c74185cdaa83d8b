// Sends late answers by the descriptors of batched sockets, many with one call. The thread that makes the answers can
// do that, because a descriptor belongs to the whole process.

import type { LateDatagram, SendDatagrams } from '../handed-on/line.ts';
import { copyMessage, copyOctets } from '../wire/copy-octets.ts';
import { type Libc, linux, openLibc } from './libc.ts';
import { type CounterCells, counterCell } from './listen-counters.ts';
import { batchSize, header, headerBytes, iov, iovBytes, nameBytes, packetInfoBytes } from './message-layout.ts';
import { maxPayload } from './udp-sizes.ts';

const iovsAt = batchSize * headerBytes;
const namesAt = iovsAt + batchSize * iovBytes;
const controlsAt = namesAt + batchSize * nameBytes;
const payloadsAt = controlsAt + batchSize * packetInfoBytes;

/**
 * Returns a function that sends datagrams. Its first call opens libc, since a server without batched sockets needs no
 * libc. Only tests give another `open`.
 */
export function openLateDatagrams(counters: CounterCells, open: () => Libc = openLibc): SendDatagrams {
  let sender: LateDatagrams | undefined;
  return (datagrams) => {
    sender ??= new LateDatagrams(open());
    const sent = sender.send(datagrams);
    counters.add(counterCell.udpAnswered, sent);
    counters.add(counterCell.udpSendFailed, datagrams.length - sent);
  };
}

class LateDatagrams {
  readonly #libc: Libc;
  /** `batchSize` times struct mmsghdr, and all that they point to. The payloads lie one behind the other. */
  readonly #memory = new ArrayBuffer(payloadsAt + maxPayload);
  readonly #words = new Uint32Array(this.#memory, 0, payloadsAt / 4);
  readonly #octets = new Uint8Array(this.#memory);
  /** Each struct iovec is two elements: the pointer to the payload, and the payload's length. */
  readonly #iovs = new BigUint64Array(this.#memory, iovsAt, (batchSize * iovBytes) / 8);
  readonly #headers: readonly bigint[];
  readonly #payloads: bigint;
  /** The number of messages that are laid out, and the number of octets of their payloads. */
  #count = 0;
  #used = 0;

  constructor(libc: Libc) {
    this.#libc = libc;
    const base = libc.pointerTo(this.#memory);
    const view = new DataView(this.#memory);
    const point = (at: number, target: number) => view.setBigUint64(at, base + BigInt(target), true);
    for (let i = 0; i < batchSize; i += 1) {
      const at = i * headerBytes;
      point(at + header.name * 4, namesAt + i * nameBytes);
      point(at + header.iov * 4, iovsAt + i * iovBytes);
      view.setBigUint64(at + header.iovLength * 4, 1n, true);
      point(at + header.control * 4, controlsAt + i * packetInfoBytes);
    }
    this.#headers = Array.from({ length: batchSize }, (_, i) => base + BigInt(i * headerBytes));
    this.#payloads = base + BigInt(payloadsAt);
  }

  /** Returns how many datagrams the system has taken. Does not wait. */
  send(datagrams: readonly LateDatagram[]): number {
    let sent = 0;
    let descriptor = -1;
    for (const datagram of datagrams) {
      const { length } = datagram.message;
      if (length > maxPayload) continue;
      const isFull = this.#count === batchSize || this.#used + length > maxPayload;
      if (isFull || datagram.descriptor !== descriptor) sent += this.#sendBatch(descriptor);
      descriptor = datagram.descriptor;
      this.#layOut(datagram);
    }
    return sent + this.#sendBatch(descriptor);
  }

  #layOut({ envelope: { name, control }, message }: LateDatagram): void {
    const i = this.#count;
    copyOctets(name, 0, this.#octets, namesAt + i * nameBytes, name.length);
    copyOctets(control, 0, this.#octets, controlsAt + i * packetInfoBytes, control.length);
    copyMessage(message, message.length, this.#octets, payloadsAt + this.#used);
    this.#words[i * header.words + header.nameLength] = name.length;
    this.#words[i * header.words + header.controlLength] = control.length;
    this.#words[(iovsAt + i * iovBytes) / 4 + iov.length] = message.length;
    this.#iovs[2 * i] = this.#payloads + BigInt(this.#used);
    this.#count += 1;
    this.#used += message.length;
  }

  /** Sends what is laid out. Returns how much the system has taken (test/dns/listen/late-datagrams.test.ts). */
  #sendBatch(descriptor: number): number {
    const count = this.#count;
    this.#count = 0;
    this.#used = 0;
    let taken = 0;
    for (let next = 0; next < count; ) {
      const sent = this.#libc.sendmmsg(descriptor, this.#headers[next] as bigint, count - next, linux.MSG_DONTWAIT);
      if (sent > 0) {
        next += sent;
        taken += sent;
        continue;
      }
      const errno = this.#libc.errno();
      if (errno === linux.EINTR) continue;
      // The socket's buffer is full.
      if (errno === linux.EAGAIN) break;
      // This message cannot be sent. Those behind it may still be sent.
      next += 1;
    }
    return taken;
  }
}
