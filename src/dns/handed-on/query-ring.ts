// A ring of handed-on queries in shared memory. One answering thread writes it, one taker reads it, and neither waits
// for the other. Limits: the ring's size, the queries under way, and their octets
// (test/dns/handed-on/query-ring.test.ts).

import { shortLivedCopy } from '../../model/short-lived-octets.ts';
import { transports } from '../respond/counters.ts';
import type { HandedOnKind } from '../respond/hand-on.ts';
import { copyMessage, copyOctets } from '../wire/copy-octets.ts';
import type { HandOnLimits } from './hand-on-limits.ts';
import type { HandedOnQuery } from './tenant.ts';

/** The addresses of a datagram, as libc wants them: the client's socket address, and a control message with our own. */
export interface Envelope {
  readonly name: Uint8Array;
  readonly control: Uint8Array;
}

/** A handed-on query, and the way back for its answer. */
export interface RingQuery extends HandedOnQuery {
  /** With an envelope, this is the socket's descriptor; without one, the answer's number in `LateAnswers`. */
  readonly id: number;
  readonly envelope?: Envelope | undefined;
}

/** A query that the taker has read. `octets` is the size of its record in the ring. */
export interface ReadQuery extends RingQuery {
  readonly octets: number;
}

/**
 * The ring's size in octets, a power of two. At least two queries of the greatest length fit. Pages that were never
 * written use no memory.
 */
const capacity = 2 ** 18;
/**
 * Int32 cells in front of the ring. `written` and `read` count octets and wrap around. `underWay` and `octets` count
 * the queries that were written and are not finished; `taken` and `takenOctets` count those of them that were read.
 * `closed` is 1 after `closeRing`, `sending` during `whileOpen`, `pausing` while the writer must refuse queries.
 */
const cell = {
  written: 0,
  read: 1,
  underWay: 2,
  octets: 3,
  closed: 4,
  sending: 5,
  taken: 6,
  takenOctets: 7,
  pausing: 8,
} as const;
const cellBytes = 64;

/** The 32-bit words at the beginning of a record. Address, name, control message and query follow. */
const word = { size: 0, kinds: 1, id: 2, port: 3, lengths: 4, queryLength: 5, forwarder: 6 } as const;
const addressAt = 28;
const maxAddress = 16;
const nameAt = addressAt + maxAddress;
const maxName = 32;
const controlAt = nameAt + maxName;
const maxControl = 40;
const queryAt = controlAt + maxControl;
/** This word in place of a record's size says that the next record is at the start of the ring. */
const wrapped = 0;

const nothing = new Uint8Array(0);

type RingLimits = Pick<HandOnLimits, 'maxUnderWay' | 'maxOctets'>;

export function newQueryRing(): SharedArrayBuffer {
  return new SharedArrayBuffer(cellBytes + capacity);
}

/** The answering thread's end of the ring. */
export class QueryRingWriter {
  readonly #cells: Int32Array;
  readonly #words: Int32Array;
  readonly #octets: Uint8Array;
  readonly #limits: RingLimits;

  constructor(ring: SharedArrayBuffer, limits: RingLimits) {
    this.#cells = new Int32Array(ring, 0, cellBytes / 4);
    this.#words = new Int32Array(ring, cellBytes);
    this.#octets = new Uint8Array(ring, cellBytes);
    this.#limits = limits;
  }

  /** Copies the query into the ring. Returns false if a limit is reached, or while the ring is paused. */
  write({ kind, message, client, port, id, envelope, found }: RingQuery): boolean {
    const cells = this.#cells;
    const size = queryAt + ((message.length + 3) & ~3);
    if (Atomics.load(cells, cell.pausing) !== 0) return false;
    if (Atomics.load(cells, cell.underWay) >= this.#limits.maxUnderWay) return false;
    if (Atomics.load(cells, cell.octets) + size > this.#limits.maxOctets) return false;
    const written = cells[cell.written]!;
    const used = (written - Atomics.load(cells, cell.read)) | 0;
    const end = written & (capacity - 1);
    const tail = capacity - end;
    const skipped = size > tail ? tail : 0;
    if (used + skipped + size > capacity) return false;
    if (skipped > 0) this.#words[end >>> 2] = wrapped;
    const at = skipped > 0 ? 0 : end;
    const words = at >>> 2;
    const { name, control } = envelope ?? { name: nothing, control: nothing };
    this.#words[words + word.size] = size;
    this.#words[words + word.kinds] =
      kind | (transports.indexOf(client.transport) << 8) | (client.addressLength << 16) | ((found?.flags ?? 0) << 24);
    this.#words[words + word.id] = id;
    this.#words[words + word.port] = port;
    this.#words[words + word.lengths] = name.length | (control.length << 16);
    this.#words[words + word.queryLength] = message.length;
    this.#words[words + word.forwarder] = found?.forwarder ?? 0;
    copyOctets(client.address, 0, this.#octets, at + addressAt, client.addressLength);
    copyOctets(name, 0, this.#octets, at + nameAt, name.length);
    copyOctets(control, 0, this.#octets, at + controlAt, control.length);
    copyMessage(message, message.length, this.#octets, at + queryAt);
    Atomics.add(cells, cell.underWay, 1);
    Atomics.add(cells, cell.octets, size);
    // Publishes the record: the taker sees all that was written before this store.
    Atomics.store(cells, cell.written, (written + skipped + size) | 0);
    return true;
  }
}

/** The taker's end of the ring. */
export class QueryRingReader {
  readonly #cells: Int32Array;
  readonly #words: Int32Array;
  readonly #octets: Uint8Array;

  constructor(ring: SharedArrayBuffer) {
    this.#cells = new Int32Array(ring, 0, cellBytes / 4);
    this.#words = new Int32Array(ring, cellBytes);
    this.#octets = new Uint8Array(ring, cellBytes);
  }

  get isEmpty(): boolean {
    return Atomics.load(this.#cells, cell.written) === this.#cells[cell.read];
  }

  /** The number of queries that were written and are not finished. */
  get underWay(): number {
    return Atomics.load(this.#cells, cell.underWay);
  }

  /** Takes the next query out of the ring, as a copy. The query stays under way until `finish`. */
  read(): ReadQuery | undefined {
    if (this.isEmpty) return undefined;
    const read = this.#cells[cell.read]!;
    let at = read & (capacity - 1);
    let skipped = 0;
    if (this.#words[at >>> 2] === wrapped) {
      skipped = capacity - at;
      at = 0;
    }
    const words = at >>> 2;
    const size = this.#words[words + word.size]!;
    const kinds = this.#words[words + word.kinds]!;
    const lengths = this.#words[words + word.lengths]!;
    const nameLength = lengths & 0xffff;
    const forwarder = this.#words[words + word.forwarder]! >>> 0;
    const record = shortLivedCopy(this.#octets, at, at + size);
    const query: ReadQuery = {
      kind: (kinds & 0xff) as HandedOnKind,
      message: record.subarray(queryAt, queryAt + this.#words[words + word.queryLength]!),
      client: {
        transport: transports[(kinds >>> 8) & 0xff]!,
        address: record.subarray(addressAt, addressAt + maxAddress),
        addressLength: ((kinds >>> 16) & 0xff) === 4 ? 4 : 16,
      },
      port: this.#words[words + word.port]!,
      id: this.#words[words + word.id]!,
      envelope:
        nameLength === 0
          ? undefined
          : {
              name: record.subarray(nameAt, nameAt + nameLength),
              control: record.subarray(controlAt, controlAt + (lengths >>> 16)),
            },
      found: forwarder === 0 ? undefined : { forwarder, flags: kinds >>> 24 },
      octets: size,
    };
    Atomics.add(this.#cells, cell.taken, 1);
    Atomics.add(this.#cells, cell.takenOctets, size);
    Atomics.store(this.#cells, cell.read, (read + skipped + size) | 0);
    return query;
  }

  /** Ends a query that has its answer, or gets none. */
  finish({ octets }: ReadQuery): void {
    this.#finishAll(1, octets);
  }

  /** Ends several queries. */
  finishEach(queries: readonly ReadQuery[]): void {
    let octets = 0;
    for (const query of queries) octets += query.octets;
    this.#finishAll(queries.length, octets);
  }

  #finishAll(count: number, octets: number): void {
    Atomics.sub(this.#cells, cell.taken, count);
    Atomics.sub(this.#cells, cell.takenOctets, octets);
    Atomics.sub(this.#cells, cell.underWay, count);
    Atomics.sub(this.#cells, cell.octets, octets);
  }

  /**
   * Runs `send`, which uses a descriptor of the answering thread, if the ring is not closed. `closeRing` waits
   * meanwhile: otherwise the descriptor could be closed, and its number given to another socket
   * (test/dns/handed-on/query-ring.test.ts).
   */
  whileOpen(send: () => void): void {
    Atomics.store(this.#cells, cell.sending, 1);
    if (Atomics.load(this.#cells, cell.closed) === 0) send();
    Atomics.store(this.#cells, cell.sending, 0);
    Atomics.notify(this.#cells, cell.sending);
  }
}

/** Returns the number of queries that were written and are not finished. */
export function underWayIn(ring: SharedArrayBuffer): number {
  return Atomics.load(new Int32Array(ring, 0, cellBytes / 4), cell.underWay);
}

/** Makes the writer refuse all queries while `pausing`. Any thread may call this. */
export function pauseRing(ring: SharedArrayBuffer, pausing: boolean): void {
  Atomics.store(new Int32Array(ring, 0, cellBytes / 4), cell.pausing, pausing ? 1 : 0);
}

/**
 * Call this after a taker's thread has died. Forgets the queries that the taker had read, and that it was sending. The
 * next taker reads the other queries.
 */
export function forgetTaken(ring: SharedArrayBuffer): void {
  const cells = new Int32Array(ring, 0, cellBytes / 4);
  Atomics.sub(cells, cell.underWay, Atomics.exchange(cells, cell.taken, 0));
  Atomics.sub(cells, cell.octets, Atomics.exchange(cells, cell.takenOctets, 0));
  Atomics.store(cells, cell.sending, 0);
}

/** Stops all sending for this ring. Any thread may call this, before it closes the descriptors. */
export function closeRing(ring: SharedArrayBuffer): void {
  const cells = new Int32Array(ring, 0, cellBytes / 4);
  Atomics.store(cells, cell.closed, 1);
  // Waits for calls of sendmmsg, which do not block. The taker's own thread never waits here, since it is not sending.
  while (Atomics.load(cells, cell.sending) !== 0) Atomics.wait(cells, cell.sending, 1, 10);
}
