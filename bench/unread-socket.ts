// A socket at which datagrams arrive, but that nobody reads, for benchmarks.

import { closeSync } from 'node:fs';
import { linux, openLibc } from '../src/dns/listen/libc.ts';
import type { Server } from '../test/support/dns-client.ts';
import type { Cleanup } from '../test/support/temporary.ts';

/** Opens the socket. When its receive buffer is full, the kernel drops further datagrams. */
export function openUnreadSocket(cleanup: Cleanup): Server {
  const libc = openLibc();
  const descriptor = libc.socket(linux.AF_INET, linux.SOCK_DGRAM, 0);
  cleanup.after(() => closeSync(descriptor));
  const name = new ArrayBuffer(16);
  const view = new DataView(name);
  view.setUint16(0, linux.AF_INET, true);
  view.setUint32(4, 0x7f00_0001);
  libc.bind(descriptor, name, 16);
  libc.getsockname(descriptor, name, Int32Array.of(16).buffer);
  return { address: '127.0.0.1', port: view.getUint16(2) };
}
