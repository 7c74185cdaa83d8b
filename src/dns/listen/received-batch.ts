// A batch of received datagrams: their lengths and senders. The memory: message-layout.ts.

import type { Client } from '../respond/client.ts';
import { readUint16 } from '../wire/header.ts';
import { header, type MessageMemory, nameBytes } from './message-layout.ts';

/** The length of sockaddr_in. */
const ipv4NameLength = 16;

export class ReceivedBatch {
  readonly queries: readonly Uint8Array[];
  readonly #requests: Uint32Array;
  readonly #names: Uint8Array;
  readonly #controlLength: number;

  constructor({ queries, requests, names, controlLength }: MessageMemory) {
    this.queries = queries;
    this.#requests = requests;
    this.#names = names;
    this.#controlLength = controlLength;
  }

  /** Prepares the first `count` headers for receiving, since the kernel has overwritten the lengths in them. */
  prepare(count: number): void {
    const words = this.#requests;
    for (let i = 0, at = 0; i < count; i += 1, at += header.words) {
      words[at + header.nameLength] = nameBytes;
      words[at + header.controlLength] = this.#controlLength;
    }
  }

  /**
   * Returns the length of query `i`, at most the length of its buffer. Returns 0 for a query from port 0, to which no
   * answer can be sent.
   */
  queryLength(i: number): number {
    const at = i * header.words;
    const port = i * nameBytes + 2;
    if (this.#names[port] === 0 && this.#names[port + 1] === 0) return 0;
    return this.#requests[at + header.length]!;
  }

  clientPort(i: number): number {
    return readUint16(this.#names, i * nameBytes + 2);
  }

  readClient(i: number, client: Client): void {
    const ipv4 = this.#requests[i * header.words + header.nameLength] === ipv4NameLength;
    const length = ipv4 ? 4 : 16;
    const from = i * nameBytes + (ipv4 ? 4 : 8);
    for (let octet = 0; octet < length; octet += 1) client.address[octet] = this.#names[from + octet]!;
    client.addressLength = length;
  }
}
