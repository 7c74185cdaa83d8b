// Packs the late answers of one turn into one buffer, which a message port moves and a channel copies. An object for
// each answer would cost both threads more than the answer itself.

/** One message for a socket that only the answering thread can write to. */
export interface LateMessage {
  readonly id: number;
  readonly message: Uint8Array | undefined;
  /** True: no other message follows. */
  readonly last: boolean;
}

/** Octets in front of a message: its id, and one word with flags and length. Messages are padded to whole words. */
const headerBytes = 8;
const flag = { last: 1, message: 2 } as const;
const lengthShift = 2;

export function packMessages(messages: readonly LateMessage[]): Uint8Array<ArrayBuffer> {
  const octets = new Uint8Array(messages.reduce((sum, { message }) => sum + recordBytes(message?.length ?? 0), 0));
  const words = new Int32Array(octets.buffer);
  let at = 0;
  for (const { id, message, last } of messages) {
    const length = message?.length ?? 0;
    const flags = (last ? flag.last : 0) | (message === undefined ? 0 : flag.message);
    words[at >>> 2] = id;
    words[(at >>> 2) + 1] = (length << lengthShift) | flags;
    if (message !== undefined) octets.set(message, at + headerBytes);
    at += recordBytes(length);
  }
  return octets;
}

/** Calls `receive` for each message, which is a view of the buffer. */
export function unpackMessages(octets: Uint8Array<ArrayBuffer>, receive: (message: LateMessage) => void): void {
  const words = new Int32Array(octets.buffer);
  for (let at = 0; at < octets.length; ) {
    const id = words[at >>> 2]!;
    const described = words[(at >>> 2) + 1]!;
    const length = described >>> lengthShift;
    const start = at + headerBytes;
    const message = (described & flag.message) === 0 ? undefined : octets.subarray(start, start + length);
    receive({ id, message, last: (described & flag.last) !== 0 });
    at += recordBytes(length);
  }
}

function recordBytes(length: number): number {
  return headerBytes + ((length + 3) & ~3);
}
