// Converts a forwarder to a block of the table. The form of the block: layout.ts. reader.ts reads it.

import type { AddressRange } from '../model/address-range.ts';
import { writeRanges } from './address-ranges.ts';
import { forwarderRangesByte, forwarder as layout, rangeBytes } from './layout.ts';

/** Returns the block. `allowFrom` has the ranges of the clients that may ask. */
export function encodeForwarder(number: number, allowFrom: readonly AddressRange[]): Uint8Array {
  const ipv4 = allowFrom.filter(({ family }) => family === 'ipv4');
  const ipv6 = allowFrom.filter(({ family }) => family === 'ipv6');
  const block = new Uint8Array(forwarderRangesByte + allowFrom.length * rangeBytes);
  const words = new Uint32Array(block.buffer, 0, forwarderRangesByte / 4);
  words[layout.ipv4Ranges] = ipv4.length;
  words[layout.ranges] = allowFrom.length;
  words[layout.number] = number;
  writeRanges([...ipv4, ...ipv6], block, forwarderRangesByte);
  return block;
}
