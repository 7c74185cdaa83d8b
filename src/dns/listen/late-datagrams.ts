// Sends late answers through the descriptors of batched sockets. Any thread can do so: descriptors belong to the whole
// process.

import type { SendDatagram } from '../handed-on/line.ts';
import { type Libc, linux, openLibc } from './libc.ts';
import { type CounterCells, counterCell } from './listen-counters.ts';
import { header, headerBytes, iov, nameBytes, packetInfoBytes } from './message-layout.ts';
import { maxPayload } from './udp-sizes.ts';

const iovAt = headerBytes;
const nameAt = iovAt + iov.words * 4;
const controlAt = nameAt + nameBytes;
const payloadAt = controlAt + packetInfoBytes;

/**
 * Returns a function that sends datagrams. It opens libc with the first one: without batched sockets, libc is not
 * needed.
 */
export function openLateDatagrams(counters: CounterCells): SendDatagram {
  let sender: LateDatagrams | undefined;
  return (descriptor, { name, control }, message) => {
    sender ??= new LateDatagrams(openLibc());
    const sent = sender.send(descriptor, name, control, message);
    counters.add(sent ? counterCell.udpAnswered : counterCell.udpSendFailed);
  };
}

class LateDatagrams {
  readonly #libc: Libc;
  /** One struct mmsghdr, and everything to which it points. */
  readonly #memory = new ArrayBuffer(payloadAt + maxPayload);
  readonly #words = new Uint32Array(this.#memory, 0, nameAt / 4);
  readonly #octets = new Uint8Array(this.#memory);
  readonly #pointer: bigint;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#pointer = libc.pointerTo(this.#memory);
    const view = new DataView(this.#memory);
    const point = (at: number, target: number) => view.setBigUint64(at, this.#pointer + BigInt(target), true);
    point(header.name * 4, nameAt);
    point(header.iov * 4, iovAt);
    point(iovAt, payloadAt);
    view.setBigUint64(header.iovLength * 4, 1n, true);
    point(header.control * 4, controlAt);
  }

  /** Sends a datagram without waiting. Returns whether the system has taken it. */
  send(descriptor: number, name: Uint8Array, control: Uint8Array, message: Uint8Array): boolean {
    if (message.length > maxPayload) return false;
    this.#octets.set(name, nameAt);
    this.#octets.set(control, controlAt);
    this.#octets.set(message, payloadAt);
    this.#words[header.nameLength] = name.length;
    this.#words[header.controlLength] = control.length;
    this.#words[iovAt / 4 + iov.length] = message.length;
    for (;;) {
      if (this.#libc.sendmmsg(descriptor, this.#pointer, 1, linux.MSG_DONTWAIT) === 1) return true;
      if (this.#libc.errno() !== linux.EINTR) return false;
    }
  }
}
