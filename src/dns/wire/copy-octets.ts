// Copies octets between buffers without garbage.

/** Copies octet by octet, since `set` would need a subarray, which is garbage. Drops octets beyond the target's end. */
export function copyOctets(source: Uint8Array, from: number, target: Uint8Array, to: number, length: number): void {
  const end = from + length;
  const shift = to - from;
  for (let at = from; at < end; at += 1) target[at + shift] = source[at] as number;
}

/** Octets of a message that a loop copies sooner than `set`. */
const maxLooped = 256;

/** Copies the first `length` octets of a message: a short one by a loop, a long one by `set`. */
export function copyMessage(source: Uint8Array, length: number, target: Uint8Array, to: number): void {
  if (length <= maxLooped) copyOctets(source, 0, target, to, length);
  else target.set(source.subarray(0, length), to);
}
