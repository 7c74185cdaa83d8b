// Limits the send buffers of stream connections. Without the limit, Linux keeps megabytes for each client that does not
// read.

import type { Server } from 'node:net';
import { type Libc, linux, openLibc } from './libc.ts';

/** The size in octets, into which any message fits. Linux doubles the number for its own overhead. */
const sendBufferSize = 128 * 1024;

/** This thread's libc; undefined without node:ffi. */
const libc = libcHere();

/**
 * Gives small send buffers (socket(7)) to connections that the server accepts from now on. Without node:ffi, does
 * nothing: Node has no function for it.
 */
export function limitSendBuffers(server: Server): void {
  const descriptor = descriptorOf(server);
  if (descriptor === undefined || libc === undefined) return;
  // Connections inherit the size from the listening socket. If Linux refuses it, the default stays.
  const { buffer, byteLength } = Int32Array.of(sendBufferSize);
  libc.setsockopt(descriptor, linux.SOL_SOCKET, linux.SO_SNDBUF, buffer, byteLength);
}

/** Returns the descriptor of the listening socket, from an undocumented field. */
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
