// Turns octets into a string that can be the key of a map: one character for each octet.

export function octetText(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('latin1');
}
