// Lays out the memory of datagrams that a benchmark's client sends to 127.0.0.1, or receives. This is done only once,
// so that the client takes little CPU time: a benchmark must measure the server, not the client's wait for a processor.

import { linux } from '../src/dns/listen/libc.ts';
import { header, headerBytes, iov, nameBytes } from '../src/dns/listen/message-layout.ts';

export interface DatagramMemory {
  /** The address of the first struct mmsghdr, for sendmmsg and recvmmsg. Keep this object while they use the memory. */
  readonly pointer: bigint;
  /** The octets of each datagram. */
  readonly datagrams: readonly Uint8Array[];
}

/**
 * Lays out `count` datagrams. With `port`: for sending exactly `maxOctets` octets to that port. Without: for receiving
 * at most `maxOctets` octets. `pointerTo` returns a buffer's address.
 */
export function layOutDatagrams(
  pointerTo: (buffer: ArrayBuffer) => bigint,
  { count, maxOctets, port }: { count: number; maxOctets: number; port?: number },
): DatagramMemory {
  const nameAt = count * headerBytes;
  const iovAt = nameAt + nameBytes;
  const cellsAt = iovAt + count * iov.words * 4;
  const memory = new ArrayBuffer(cellsAt + count * maxOctets);
  const pointer = pointerTo(memory);
  const view = new DataView(memory);
  if (port !== undefined) {
    view.setUint16(nameAt, linux.AF_INET, true);
    view.setUint16(nameAt + 2, port);
    view.setUint32(nameAt + 4, 0x7f00_0001);
  }
  for (let i = 0; i < count; i += 1) {
    const at = i * headerBytes;
    const vectorAt = iovAt + i * iov.words * 4;
    if (port !== undefined) {
      view.setBigUint64(at + header.name * 4, pointer + BigInt(nameAt), true);
      view.setUint32(at + header.nameLength * 4, 16, true);
    }
    view.setBigUint64(at + header.iov * 4, pointer + BigInt(vectorAt), true);
    view.setBigUint64(at + header.iovLength * 4, 1n, true);
    view.setBigUint64(vectorAt, pointer + BigInt(cellsAt + i * maxOctets), true);
    view.setBigUint64(vectorAt + iov.length * 4, BigInt(maxOctets), true);
  }
  const datagrams = Array.from({ length: count }, (_, i) => new Uint8Array(memory, cellsAt + i * maxOctets, maxOctets));
  return { pointer, datagrams };
}
