// How the table lies in shared memory. Who reads it: reader.ts. Who writes it: writer.ts and what it imports. Nobody outside table/ works out where in it
// anything lies.
//
// A reference is a 32-bit number of 8-byte units from the buffer's start, so 32 GiB can be addressed; 0 is "none".
// The word at a reference is `words[reference * 2]`, the octet `bytes[reference * 8]`. Words are of the machine's order; what goes onto the wire is
// kept in network order.
//
// Words marked (A) change while readers look: they are written with one Atomics operation, and what leads to a block is read with load() (table.ts). Words
// marked (W) belong to the writer; readers never look at them. All else is written before its block can be reached and never again.

/** A block of the table, in units of 8 octets. */
export type Reference = number;

/** One instance of a zone: the one served under its name, or one still built aside. */
export type ZoneId = Reference & { readonly brand: 'ZoneId' };

export const unitBytes = 8;
export const unitWords = 2;
export const none: Reference = 0;

/** Blocks are dealt from pages of this size (allocator.ts). The header has the first page. */
export const pageBytes = 16_384;

/** The header's words. */
export const header = {
  magic: 0,
  /** (A) Grows by one whenever blocks were unlinked; never 0 (quiescence.ts). */
  epoch: 1,
  /** (A) The index of zones: its nodes' `data` is the zone served under the name; names are relative to the root. */
  zones: 2,
  /** Mixed into every name's hash, so that nobody can choose colliding names. */
  seed: 3,
  /** (A) 128 bits: at which label counts there is any zone. */
  zoneDepths: 4,
  /** Each reader's cell; see `cell`. */
  cells: 16,
} as const;

export const magic = 0x5a57_0001;

/** A reader's words, far enough apart that two readers never share a cache line. */
export const cell = {
  /** (A) 1 once a reader has claimed the cell. */
  claimed: 0,
  /** (A) The epoch that its reader has last seen, or 0 while it sleeps. */
  seen: 1,
} as const;

export const cellWords = 16;
export const cellCount = 64;

/** A zone's words, then its name in wire form. */
export const zone = {
  apex: 0,
  /** (A) The index of its nodes; names are relative to the zone. */
  index: 1,
  /** (A) Its SOA record; `none` until there is one. */
  soa: 2,
  /** (A) How many names hold a cut, which is a delegation or a DNAME: while 0, nobody looks for one above a name. */
  cuts: 3,
  /** Octets of its name in wire form, the root's included. */
  nameLength: 4,
  /** (W) The newest of its nodes; the others follow by `next`. */
  nodes: 5,
  /** (W) 1 while it is the one served under its name. */
  served: 6,
} as const;

export const zoneNameByte = 32;

/**
 * A node: one name. It stays where it is for as long as the name exists; what the name holds changes with `data`. After the words: flags, the
 * name's length, and the name relative to the zone, in lower-cased wire form without the root's octet (nothing for the apex).
 */
export const node = {
  /** (A) What the name holds; `none` for an empty non-terminal (RFC 4592 §2.2.2). In the index of zones: the zone. */
  data: 0,
  /** The name above it within the zone; `none` for the apex. */
  parent: 1,
  /** (W) How many names stand directly below it. */
  children: 2,
  /** (W) Whatever the caller counts (writer.ts, stamp). */
  stamp: 3,
  /** (W) Its neighbours in the list of the zone's nodes. */
  next: 4,
  previous: 5,
} as const;

/** (A) */
export const nodeFlagsByte = 24;
export const nodeLengthByte = 25;
export const nodeNameByte = 26;

export const nodeFlags = {
  /** `*` stands directly below it (RFC 4592 §2.1.1). */
  wildcardChild: 1,
} as const;

/** What a name holds: words, then its RRsets in the order of their types, each at a multiple of 4 octets. Immutable. */
export const data = {
  modifiedLow: 0,
  /** 16 bits of the revision, 8 of `dataFlags`, 8 of the number of RRsets. */
  rest: 1,
} as const;

export const dataRrsetsByte = 8;

export const dataFlags = {
  cname: 1,
  /** NS below the apex. */
  delegation: 2,
  dname: 4,
} as const;

/** What a name with these `dataFlags` adds to its zone's `cuts`. */
export function cutsIn(flags: number): 0 | 1 {
  return (flags & (dataFlags.delegation | dataFlags.dname)) === 0 ? 0 : 1;
}

/**
 * An RRset: two words, then its records ready to be copied: a pointer to the question's name, type, class, TTL, length, rdata with names uncompressed
 * and in lower case.
 */
export const rrset = {
  /** The type, and the number of records × 2^16. */
  typeAndCount: 0,
  /** Octets of all records, and the manager × 2^24. */
  lengthAndManager: 1,
} as const;

export const rrsetRecordsByte = 8;

/** A record's octets before its rdata: owner pointer 2, type 2, class 2, TTL 4, length 2. */
export const recordFixedBytes = 12;

/** A zone's SOA: words, then its record as it is sent, but for its owner and for the pointers at the ends of its names. Immutable. */
export const soa = {
  /** The TTL for negative answers (RFC 2308 §5). */
  negativeTtl: 0,
  /** Octets of the record. */
  length: 1,
  /** How each name lies there: `soaNameForm` of its first labels and of which suffix of the zone's name a pointer behind them stands for, or `wholeName`. */
  primary: 2,
  responsible: 3,
} as const;

export const soaRecordByte = 16;

/** No pointer: all of the name is there. */
export const wholeName = 0xff;

/** How `soa` keeps a name: so many octets, then a pointer to suffix `shared` of the zone's name. */
export function soaNameForm(octets: number, shared: number): number {
  return octets | (shared << 8);
}

export function octetsInForm(form: number): number {
  return form & 0xff;
}

export function suffixInForm(form: number): number {
  return form >>> 8;
}

/**
 * A hash table from names to nodes: open addressing, linear probing, two words a slot (hash, node). While it grows, `previous` is the table that
 * it grows out of: a name not yet moved is found there (name-index.ts).
 */
export const index = {
  /** Slots − 1; their number is a power of two. */
  mask: 0,
  /** (A) */
  previous: 1,
  /** (W) Slots that are not `none`. */
  used: 2,
  /** (W) Names; while it grows, those not yet moved included. */
  live: 3,
  /** (W) How many of the previous table's slots have been moved. */
  moved: 4,
} as const;

export const indexSlotsWord = 6;
export const slot = { hash: 0, node: 1 } as const;
export const slotWords = 2;

/** Stands in a slot whose node was removed. No block can have this reference: the header is there. */
export const removed: Reference = 1;
