// Copying octets between buffers without garbage.

/** Copies octet by octet: `set` would need a subarray, which is garbage. Octets beyond the target's end are lost. */
export function copyOctets(source: Uint8Array, from: number, target: Uint8Array, to: number, length: number): void {
  for (let i = 0; i < length; i += 1) target[to + i] = source[from + i] as number;
}
