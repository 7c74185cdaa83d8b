// Converts a zone's setting `addressNames` to a block of the table. The form of the block: layout.ts. held-addresses.ts
// reads it.

import { type AddressNames, rangesOf } from '../model/address-names.ts';
import { writeRanges } from './address-ranges.ts';
import { addressNameForms, addressNames as layout, rangeBytes, rangesByte } from './layout.ts';

/** Returns the block. `ttl` is the TTL of the answers, in seconds. */
export function encodeAddressNames(settings: AddressNames, ttl: number): Uint8Array {
  const ranges = rangesOf(settings);
  const block = new Uint8Array(rangesByte + ranges.length * rangeBytes);
  const words = new Uint32Array(block.buffer, 0, rangesByte / 4);
  const { dashed, dotted, hex, ipv6 } = settings;
  words[layout.forms] =
    (dashed ? addressNameForms.dashed : 0) |
    (dotted ? addressNameForms.dotted : 0) |
    (hex ? addressNameForms.hex : 0) |
    (ipv6 ? addressNameForms.ipv6 : 0);
  words[layout.ttl] = ttl;
  words[layout.ipv4Ranges] = ranges.filter(({ family }) => family === 'ipv4').length;
  words[layout.ranges] = ranges.length;
  writeRanges(ranges, block, rangesByte);
  return block;
}
