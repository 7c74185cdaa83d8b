// How much of its answers a stream connection may leave to the system: without a limit Linux keeps megabytes for each client that does not read.

import type { Server } from 'node:net';
import { type Libc, linux, openLibc } from './libc.ts';

/** In octets. Linux doubles it for its own overhead. Any message fits. */
const sendBufferSize = 128 * 1024;

/** This thread's. */
const libc = libcHere();

/** Connections that the server accepts from now on get small send buffers (socket(7)). Node has no word for that: without node:ffi they stay as they are. */
export function limitSendBuffers(server: Server): void {
  const descriptor = descriptorOf(server);
  if (descriptor === undefined || libc === undefined) return;
  // Linux hands it on from the listening socket. What it refuses stays as it is, too.
  const { buffer, byteLength } = Int32Array.of(sendBufferSize);
  libc.setsockopt(descriptor, linux.SOL_SOCKET, linux.SO_SNDBUF, buffer, byteLength);
}

/** Node's own server has it, though not in its documentation. */
function descriptorOf(server: Server): number | undefined {
  const { _handle: handle } = server as { _handle?: { readonly fd?: number } };
  return handle?.fd !== undefined && handle.fd >= 0 ? handle.fd : undefined;
}

function libcHere(): Libc | undefined {
  try {
    return openLibc();
  } catch {
    return undefined;
  }
}
