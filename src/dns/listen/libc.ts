// libc's socket calls through node:ffi, and Linux's numbers for them (uapi headers, equal on x64 and arm64). No other
// file imports node:ffi. batched-self-check.ts tries the calls that answer queries before they are used. Facts, tried
// with Node 26.10:
// - A signature has `return` and `arguments`. Other keys are silently ignored, and the call then returns undefined.
// - `dlopen(null, …)` finds libc's functions. A file name would differ between glibc and musl.
// - A worker cannot be ended during a call, so receiving has a time limit (SO_RCVTIMEO). Other threads and garbage
//   collection go on during a call.
// - The kernel overwrites msg_namelen and msg_controllen, so they are set again before each recvmmsg.
// - sendmmsg may send fewer messages than it was given.
// - UDP_SEGMENT needs Linux 4.18. Older kernels would send all segments as one datagram. EIO means that this interface
//   cannot do it (no checksums, IPsec). EINVAL means that a segment is larger than the MTU.

import { readFileSync } from 'node:fs';
import { getSystemErrorName } from 'node:util';

/** Numbers from the headers of Linux for sockets (socket.h, in.h, in6.h, udp.h, poll.h), madvise, and errno. */
export const linux = {
  AF_INET: 2,
  AF_INET6: 10,
  SOCK_DGRAM: 2,
  SOCK_CLOEXEC: 0o2_000_000,
  SOL_SOCKET: 1,
  SO_SNDBUF: 7,
  SO_RCVBUF: 8,
  SO_REUSEPORT: 15,
  SO_RCVTIMEO: 20,
  IPPROTO_IP: 0,
  IP_PKTINFO: 8,
  IP_MTU_DISCOVER: 10,
  IP_PMTUDISC_OMIT: 5,
  IPPROTO_UDP: 17,
  UDP_SEGMENT: 103,
  IPPROTO_IPV6: 41,
  IPV6_MTU_DISCOVER: 23,
  IPV6_PMTUDISC_OMIT: 5,
  IPV6_V6ONLY: 26,
  IPV6_RECVPKTINFO: 49,
  MSG_DONTWAIT: 0x40,
  MSG_WAITFORONE: 0x10000,
  POLLIN: 1,
  POLLOUT: 4,
  MADV_DONTNEED: 4,
  EINTR: 4,
  EIO: 5,
  EAGAIN: 11,
  EINVAL: 22,
  ENOBUFS: 105,
  ECONNREFUSED: 111,
} as const;

const signatures = {
  socket: { return: 'int32', arguments: ['int32', 'int32', 'int32'] },
  setsockopt: { return: 'int32', arguments: ['int32', 'int32', 'int32', 'pointer', 'uint32'] },
  bind: { return: 'int32', arguments: ['int32', 'pointer', 'uint32'] },
  connect: { return: 'int32', arguments: ['int32', 'pointer', 'uint32'] },
  getsockname: { return: 'int32', arguments: ['int32', 'pointer', 'pointer'] },
  recvmmsg: { return: 'int32', arguments: ['int32', 'pointer', 'uint32', 'int32', 'pointer'] },
  sendmmsg: { return: 'int32', arguments: ['int32', 'pointer', 'uint32', 'int32'] },
  poll: { return: 'int32', arguments: ['pointer', 'uint64', 'int32'] },
  // The address of this thread's errno, in glibc and in musl.
  __errno_location: { return: 'pointer', arguments: [] },
} as const;

/** The calls that we use. Tests can replace them. A pointer is a bigint, or a buffer that is kept during the call. */
export interface Libc {
  socket(family: number, type: number, protocol: number): number;
  setsockopt(descriptor: number, level: number, option: number, value: ArrayBuffer, length: number): number;
  bind(descriptor: number, name: ArrayBuffer, length: number): number;
  connect(descriptor: number, name: ArrayBuffer, length: number): number;
  getsockname(descriptor: number, name: ArrayBuffer, length: ArrayBuffer): number;
  recvmmsg(descriptor: number, headers: bigint, count: number, flags: number, timeout: bigint): number;
  sendmmsg(descriptor: number, headers: bigint, count: number, flags: number): number;
  poll(list: ArrayBuffer, count: bigint, milliseconds: number): number;
  /** Returns errno. Valid only right after a failed call, in the thread that opened libc. */
  errno(): number;
  /** Returns the buffer's address. Keep the buffer as long as the kernel may use this address. */
  pointerTo(buffer: ArrayBuffer): bigint;
}

/** Opens libc. Throws if node:ffi is missing or forbidden, or on a system for which the numbers above may be wrong. */
export function openLibc(): Libc {
  if (process.platform !== 'linux' || !(process.arch === 'x64' || process.arch === 'arm64')) {
    throw new Error(`batched sockets are for Linux on x64 and arm64, this is ${process.platform} on ${process.arch}`);
  }
  const ffi = loadFfi();
  if (ffi === undefined) throw new Error('this Node has no node:ffi, or runs with --no-experimental-ffi');
  const { functions } = ffi.dlopen(null, signatures);
  const errnoAt = functions.__errno_location();
  return {
    ...functions,
    errno: () => ffi.getInt32(errnoAt),
    pointerTo: (buffer) => ffi.getRawPointer(buffer),
  };
}

/**
 * Returns a function that gives all free memory of glibc's heap back to the system. Returns undefined without node:ffi,
 * and with musl, which gives memory back by itself.
 */
export function openHeapTrim(): (() => void) | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const { functions } = loadFfi()?.dlopen(null, { malloc_trim: { return: 'int32', arguments: ['uint64'] } }) ?? {};
    return functions && (() => void functions.malloc_trim(0n));
  } catch {
    return undefined;
  }
}

/**
 * Gives back the memory of the parts of Node's program in which no page was written. The system keeps their pages in
 * its file cache, and uses them again when they are needed. Does nothing if that is not possible.
 */
export function unmapProgram(): void {
  if (process.platform !== 'linux') return;
  try {
    const signature = { return: 'int32', arguments: ['uint64', 'uint64', 'int32'] } as const;
    const madvise = loadFfi()?.dlopen(null, { madvise: signature }).functions.madvise;
    for (const { start, end } of unwrittenParts(readFileSync('/proc/self/smaps', 'latin1'), process.execPath)) {
      madvise?.(start, end - start, linux.MADV_DONTNEED);
    }
  } catch {
    // There is no node:ffi, or no smaps. The pages stay mapped.
  }
}

/**
 * Returns the parts of memory that map `file`, are read-only, and have no written page: MADV_DONTNEED would undo the
 * writes. `smaps` is the text of /proc/self/smaps (proc(5)).
 */
export function unwrittenParts(smaps: string, file: string): { start: bigint; end: bigint }[] {
  return smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m).flatMap((part) => {
    const [, start, end, path] = /^([0-9a-f]+)-([0-9a-f]+) r-[x-]p \S+ \S+ \d+ +(.*)$/m.exec(part) ?? [];
    if (path !== file || !/^Anonymous: +0 kB$/m.test(part)) return [];
    return [{ start: BigInt(`0x${start}`), end: BigInt(`0x${end}`) }];
  });
}

/**
 * Loads node:ffi without the warning that it is experimental. Returns undefined if there is none. The flag
 * `--disable-warning` is not used: an older Node would stop at the flag, before zonewright.js can say which Node it
 * needs.
 */
function loadFfi() {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return process.getBuiltinModule('node:ffi');
  } finally {
    process.emitWarning = emitWarning;
  }
}

export class LibcError extends Error {
  readonly code: string;

  constructor(call: string, errno: number) {
    const code = getSystemErrorName(-errno);
    super(`${call}: ${code}`);
    this.name = 'LibcError';
    this.code = code;
  }
}
