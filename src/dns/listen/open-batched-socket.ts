// Opens a batched socket: sets its options, and writes addresses as the kernel wants them. How the socket is used:
// batched-socket.ts. Node does not know such a socket, so its descriptor outlives the thread: the thread reports the
// descriptor, and the main thread closes it.

import { closeSync } from 'node:fs';
import { addressRdata, familyOf } from '../../model/address.ts';
import { type Endpoint, isWildcard } from '../../model/endpoint.ts';
import type { Outlets } from '../handed-on/outlet.ts';
import { BatchedSocket, maxWait } from './batched-socket.ts';
import { type Libc, LibcError, linux } from './libc.ts';
import type { CounterCells } from './listen-counters.ts';
import { listenError } from './listen-error.ts';
import { receiveBufferSize, sendBufferSize } from './udp-sizes.ts';

/**
 * Opens a socket on the address. The sockets of other threads share its port. `wanted.joins`: consecutive answers to
 * one client socket may be given to the kernel as one message, if the kernel can cut the message into datagrams.
 */
export function openBatchedSocket(
  libc: Libc,
  address: Endpoint,
  counters: CounterCells,
  wanted: { joins: boolean },
  outlets?: Outlets,
): BatchedSocket {
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
    setOption(libc, descriptor, SOL_SOCKET, linux.SO_RCVTIMEO, timeval(maxWait));
    // Path MTU messages are ignored: they can be forged, and forging an answer is easier if it comes in fragments. NSD,
    // Knot and BIND ignore them too.
    if (ipv6) setOption(libc, descriptor, IPPROTO_IPV6, linux.IPV6_MTU_DISCOVER, int(linux.IPV6_PMTUDISC_OMIT));
    else setOption(libc, descriptor, IPPROTO_IP, linux.IP_MTU_DISCOVER, int(linux.IP_PMTUDISC_OMIT));
    if (ipv6) setOption(libc, descriptor, IPPROTO_IPV6, linux.IPV6_V6ONLY, int(1));
    if (withControl && ipv6) setOption(libc, descriptor, IPPROTO_IPV6, linux.IPV6_RECVPKTINFO, int(1));
    if (withControl && !ipv6) setOption(libc, descriptor, IPPROTO_IP, linux.IP_PKTINFO, int(1));
    const name = socketAddress(address);
    check('bind', libc.bind(descriptor, name, name.byteLength), libc);
    const none = int(0);
    const joins =
      wanted.joins && libc.setsockopt(descriptor, linux.IPPROTO_UDP, linux.UDP_SEGMENT, none, none.byteLength) === 0;
    return new BatchedSocket(libc, descriptor, { withControl, joins }, counters, outlets);
  } catch (error) {
    if (descriptor >= 0) closeSync(descriptor);
    throw listenError(address, 'UDP', error);
  }
}

/** Returns the port that the kernel picked for a socket. */
export function boundPort(libc: Libc, descriptor: number): number {
  // Room for sockaddr_in6. The port is at the same place in sockaddr_in.
  const name = new ArrayBuffer(28);
  check('getsockname', libc.getsockname(descriptor, name, int(name.byteLength)), libc);
  return new DataView(name).getUint16(2);
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

/** Returns a struct timeval: seconds and microseconds. */
function timeval(milliseconds: number): ArrayBuffer {
  return BigInt64Array.of(BigInt(Math.floor(milliseconds / 1_000)), BigInt((milliseconds % 1_000) * 1_000)).buffer;
}

/** Returns a struct sockaddr_in (16 octets) or sockaddr_in6 (28 octets, without flow and scope). */
export function socketAddress({ address, port }: Endpoint): ArrayBuffer {
  const rdata = addressRdata(address);
  const ipv4 = rdata.length === 4;
  const bytes = new Uint8Array(ipv4 ? 16 : 28);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, ipv4 ? linux.AF_INET : linux.AF_INET6, true);
  view.setUint16(2, port);
  bytes.set(rdata, ipv4 ? 4 : 8);
  return bytes.buffer;
}
