// The layout of the table in shared memory. reader.ts reads it; writer.ts and its imports write it. No code outside
// table/ computes a place in it.
//
// A reference is a 32-bit number of 8-byte units from the buffer's start, so 32 GiB can be addressed; 0 is "none". The
// word at a reference is `words[reference * 2]`, the octet `bytes[reference * 8]`. Words have the machine's byte order.
// Records are kept as they are sent, in network order.
//
// Words marked (A) change while readers read. They are written with one Atomics operation; readers read those that are
// references with load() (table.ts). Words marked (W) are the writer's; readers never read them. All other words are
// written before their block can be reached, and never again.

/** A block of the table, in units of 8 octets. */
export type Reference = number;

/** One instance of a zone. At most one instance is served under a name; another one may be built meanwhile. */
export type ZoneId = Reference & { readonly brand: 'ZoneId' };

export const unitBytes = 8;
export const unitWords = 2;
export const none: Reference = 0;

/** Blocks are allocated from pages of this size (allocator.ts). The first page is the header's. */
export const pageBytes = 16_384;

/** The header's words. */
export const header = {
  magic: 0,
  /** (A) Grows by one after blocks were unlinked; never 0 (quiescence.ts). */
  epoch: 1,
  /**
   * (A) The index of zones. Its names are relative to the root. The `data` of its nodes is the zone served there, or
   * the forwarder (`forwarder`).
   */
  zones: 2,
  /** Mixed into every name's hash, so that a client cannot choose names whose hashes collide. */
  seed: 3,
  /** (A) 128 bits: bit n is set if a zone or a forwarder with n labels is served. */
  zoneDepths: 4,
  /** The cells of all readers; see `cell`. */
  cells: 16,
} as const;

export const magic = 0x5a57_0001;

/** A reader's words. Cells are so large that two readers never share a cache line. */
export const cell = {
  /** (A) 1 while a reader has the cell. */
  claimed: 0,
  /** (A) The epoch that the reader saw last; 0 while it sleeps. */
  seen: 1,
} as const;

export const cellWords = 16;
export const cellCount = 64;

/** A zone: these words, then its name in wire form. */
export const zone = {
  apex: 0,
  /** (A) The index of its nodes. Names are relative to the zone. */
  index: 1,
  /** (A) Its SOA; `none` until there is one. */
  soa: 2,
  /** (A) The number of names with a cut: a delegation or a DNAME. While it is 0, readers search for no cut. */
  cuts: 3,
  /** Octets of its name in wire form, with the root's octet. */
  nameLength: 4,
  /** (W) The newest of its nodes, the first in the list of all its nodes. */
  nodes: 5,
  /** (W) 1 while this instance is served under its name. */
  served: 6,
  /** (A) Its setting for names that hold addresses; `none` without one. */
  addressNames: 7,
} as const;

export const zoneNameByte = 32;

/**
 * A forwarder, in place of a zone: the zone's questions are answered by its own servers. These words, then the ranges
 * of the clients that may ask, those of IPv4 first. Only `hits` changes.
 */
export const forwarder = {
  /** (A) Answers from the cache. Readers count them; the number wraps around. */
  hits: 0,
  /** Always `none`: that tells it from a zone. The word of a zone's index. */
  index: 1,
  ipv4Ranges: 2,
  /** The number of all ranges. */
  ranges: 3,
  /** The caller's number of the forwarder. */
  number: 4,
} as const;

export const forwarderRangesByte = 24;

/**
 * A node: one name. It does not move while the name exists; its RRsets change with `data`. After the words: flags, the
 * name's length, and the name relative to the zone, in lower-cased wire form without the root's octet (empty for the
 * apex).
 */
export const node = {
  /** (A) The name's RRsets; `none` for an empty non-terminal (RFC 4592 §2.2.2). In the index of zones: the zone. */
  data: 0,
  /** The node of the name above it in the zone; `none` for the apex. */
  parent: 1,
  /** (W) The number of names directly below it. */
  children: 2,
  /** (W) The caller's mark (writer.ts, stamp). */
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
  /** There is a `*` directly below it (RFC 4592 §2.1.1). */
  wildcardChild: 1,
} as const;

/**
 * A name's RRsets: these words, then the RRsets in the order of their types, each at a multiple of 4 octets. Immutable.
 */
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
  /**
   * RRSIG records have the TTLs of the RRsets that they cover. A word behind the last RRset keeps the TTL with which
   * the RRSIG RRset was written.
   */
  signatureTtl: 8,
  /** An RRset has `inheritsTtl`. */
  inheritsTtl: 16,
} as const;

/** Returns how many cuts (`zone.cuts`) a name with these `dataFlags` has. */
export function cutsIn(flags: number): 0 | 1 {
  return (flags & (dataFlags.delegation | dataFlags.dname)) === 0 ? 0 : 1;
}

/**
 * An RRset: two words, then its records, ready to be copied: a pointer to the question's name, type, class, TTL,
 * length, rdata. Names in rdata are uncompressed and in lower case.
 */
export const rrset = {
  /** The type, and the number of records × 2^16. */
  typeAndCount: 0,
  /** Octets of all records, the manager × 2^24, and `inheritsTtl`. */
  lengthAndManager: 1,
} as const;

/**
 * (W) In `lengthAndManager`: the RRset has the zone's default TTL, and gets its new one when that changes (writer.ts,
 * setDefaultTtl).
 */
export const inheritsTtl = 0x8000_0000;

export const rrsetRecordsByte = 8;

/** A record's octets before its rdata: owner pointer 2, type 2, class 2, TTL 4, length 2. */
export const recordFixedBytes = 12;

/**
 * A zone's SOA: these words, then its record as it is sent, except for its owner and for the pointers at the ends of
 * its names. Immutable.
 */
export const soa = {
  /** The TTL for negative answers (RFC 2308 §5). */
  negativeTtl: 0,
  /** Octets of the record. */
  length: 1,
  /** The forms of the two names: see `soaNameForm`. */
  primary: 2,
  responsible: 3,
} as const;

export const soaRecordByte = 16;

/** A zone's setting for names that hold addresses: these words, then the ranges, those of IPv4 first. Immutable. */
export const addressNames = {
  /** `addressNameForms`. */
  forms: 0,
  /** The TTL of the answers, in seconds. */
  ttl: 1,
  ipv4Ranges: 2,
  /** The number of all ranges. */
  ranges: 3,
} as const;

export const addressNameForms = { dashed: 1, dotted: 2, hex: 4, ipv6: 8 } as const;

/** A range: its first and its last address, each in 16 octets. IPv4 is mapped (model/address.ts, AddressNumber). */
export const rangesByte = 16;
export const rangeBytes = 32;

/** In place of a suffix's number: the name is complete and has no pointer. */
export const wholeName = 0xff;

/**
 * Returns the form of a name: `octets` is its number of octets before the pointer, `shared` the suffix of the zone's
 * name that the pointer refers to, or `wholeName`.
 */
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
 * A hash table from names to nodes: open addressing, linear probing, two words for each slot (hash, node). After a
 * resize, `previous` is the old table while it has names that are not moved yet (name-index.ts).
 */
export const index = {
  /** The number of slots, which is a power of two, minus 1. */
  mask: 0,
  /** (A) */
  previous: 1,
  /** (W) The number of slots that are not `none`. */
  used: 2,
  /** (W) The number of names, including the names that are not moved yet. */
  live: 3,
  /** (W) The number of the previous table's slots that are moved. */
  moved: 4,
} as const;

export const indexSlotsWord = 6;
export const slot = { hash: 0, node: 1 } as const;
export const slotWords = 2;

/** The node of a slot whose name was removed. No block has this reference: the header is there. */
export const removed: Reference = 1;
