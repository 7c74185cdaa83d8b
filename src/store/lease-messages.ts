// The two gRPC messages that lease-thread.ts exchanges with etcd: LeaseKeepAliveRequest and LeaseKeepAliveResponse.
// Each is in a frame: an octet that says "not compressed", the length in four octets, and the message in protobuf.

import type { LeaseId } from './store.ts';

const frameHeader = 5;

/** Returns a frame with the request to keep the lease. */
export function encodeKeepAlive(lease: LeaseId): Buffer {
  const octets = [idField << 3];
  let rest = BigInt(lease);
  for (; rest > 0x7fn; rest >>= 7n) octets.push(Number(rest & 0x7fn) | 0x80);
  octets.push(Number(rest));
  return Buffer.from([0, 0, 0, 0, octets.length, ...octets]);
}

const idField = 1;
const timeToLiveField = 3;

/**
 * Returns the seconds that a lease has left, from the frame with etcd's answer; 0 if the lease has ended. Returns
 * undefined if the frame is not complete.
 */
export function decodeTimeToLive(frame: Buffer): number | undefined {
  if (frame.length < frameHeader || frame.length < frameHeader + frame.readUInt32BE(1)) return undefined;
  const message = frame.subarray(frameHeader, frameHeader + frame.readUInt32BE(1));
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const octet = message[at++];
      if (octet === undefined) throw new Error('the message of etcd is cut off');
      value |= BigInt(octet & 0x7f) << shift;
      if (octet < 0x80) return Number(value);
    }
  };
  // Protobuf leaves out a field that is 0.
  let seconds = 0;
  while (at < message.length) {
    const tag = varint();
    const isLengthDelimited = (tag & 7) === 2;
    const value = varint();
    if (isLengthDelimited) at += value;
    else if (tag >> 3 === timeToLiveField) seconds = value;
  }
  return seconds;
}
