// Copies octets between buffers without garbage.

/** Copies octet by octet, since `set` would need a subarray, which is garbage. Drops octets beyond the target's end. */
export function copyOctets(source: Uint8Array, from: number, target: Uint8Array, to: number, length: number): void {
  const end = from + length;
  const shift = to - from;
  for (let at = from; at < end; at += 1) target[at + shift] = source[at] as number;
}
