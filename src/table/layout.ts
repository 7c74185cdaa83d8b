// The layout of the table in shared memory. reader.ts reads the table; writer.ts and the files that writer.ts imports
// write it.
//
// A reference is a 32-bit number of 8-octet units from the buffer's start, so that 32 GiB can be addressed; 0 is
// `none`. The word at a reference is `words[reference * 2]`, the octet `bytes[reference * 8]`. Words have the byte
// order of the machine; records are in network order, as they are sent.
//
// Words marked (A) change while readers read. Each change is one Atomics operation. Readers read the references among
// them with load() (table.ts). Words marked (W) belong to the writer; readers never read them. All other words, except
// the hashes in slots, are written once, before readers can reach their block.

/** A block of the table, in units of 8 octets. */
export type Reference = number;

/** One instance of a zone. Only one instance is served under a name; the next one may be built meanwhile. */
export type ZoneId = Reference & { readonly brand: 'ZoneId' };

export const unitBytes = 8;
export const unitWords = 2;
export const none: Reference = 0;

/** The size of the pages from which blocks are allocated (allocator.ts). The first page is the header's. */
export const pageBytes = 16_384;

export const header = {
  magic: 0,
  /** (A) Grows by one after blocks were unlinked; never 0 (quiescence.ts). */
  epoch: 1,
  /**
   * (A) The index of zones, with names relative to the root. The `data` of a node is the zone, or the forwarder, that
   * has the node's name.
   */
  zones: 2,
  /** Mixed into the hash of every name, so that clients cannot choose names whose hashes collide. */
  seed: 3,
  /** (A) 128 bits: bit n is set if a zone or a forwarder with n labels is served. */
  zoneDepths: 4,
  /** The cells of the readers: `cell`. */
  cells: 16,
} as const;

export const magic = 0x5a57_0001;

/** A reader's words. A cell is so large that no two readers share a cache line. */
export const cell = {
  /** (A) 1 while a reader has the cell. */
  claimed: 0,
  /** (A) The epoch that the reader saw last; 0 while the reader sleeps. */
  seen: 1,
} as const;

export const cellWords = 16;
export const cellCount = 64;

/** A zone: these words, then its name in wire form. */
export const zone = {
  apex: 0,
  /** (A) The index of the zone's nodes, with names relative to the zone. */
  index: 1,
  /** (A) The zone's SOA; `none` until it is set. */
  soa: 2,
  /** (A) The number of names with a cut (a delegation or a DNAME). If it is 0, readers do not look for cuts. */
  cuts: 3,
  /** Octets of the zone's name in wire form, with the root's octet. */
  nameLength: 4,
  /** (W) The first node in the list of all the zone's nodes: the newest one. */
  nodes: 5,
  /** (W) 1 while this instance is served under its name. */
  served: 6,
  /** (A) The zone's setting `addressNames`; `none` if it has none. */
  addressNames: 7,
} as const;

export const zoneNameByte = 32;

/**
 * A forwarder, which is in the index of zones in place of a zone: these words, then the ranges of the clients that may
 * ask, the IPv4 ranges first. Only `hits` changes.
 */
export const forwarder = {
  /** (A) The number of answers from the cache, which readers count. The number wraps around. */
  hits: 0,
  /** Always `none`, to tell a forwarder from a zone: in a zone, this word is `zone.index`, which is never `none`. */
  index: 1,
  ipv4Ranges: 2,
  /** The number of all ranges, IPv4 and IPv6. */
  ranges: 3,
  /** The number that identifies the forwarder (`TableWriter.putForwarder`). */
  number: 4,
} as const;

export const forwarderRangesByte = 24;

/**
 * A node: one name. It stays in its place as long as the name exists; `data` refers to its RRsets. After these words:
 * flags, the length of the name, and the name relative to the zone, in lower-cased wire form without the root's octet
 * (empty for the apex).
 */
export const node = {
  /**
   * (A) The name's RRsets; `none` for an empty non-terminal (RFC 4592 §2.2.2). In the index of zones: the zone or
   * forwarder.
   */
  data: 0,
  /** The node of the name directly above this one; `none` for the apex. */
  parent: 1,
  /** (W) The number of names directly below this one. */
  children: 2,
  /** (W) The mark of `TableWriter.stamp`. */
  stamp: 3,
  /** (W) The node's neighbours in the list of the zone's nodes. */
  next: 4,
  previous: 5,
} as const;

/** (A) The octet with the `nodeFlags`. */
export const nodeFlagsByte = 24;
export const nodeLengthByte = 25;
export const nodeNameByte = 26;

export const nodeFlags = {
  /** A name `*` is directly below the node (RFC 4592 §2.1.1). */
  wildcardChild: 1,
} as const;

/**
 * The RRsets of a name: these words, then the RRsets in the order of their types, each at a multiple of 4 octets. Never
 * changes.
 */
export const data = {
  /** The lower 32 bits of the revision. */
  modifiedLow: 0,
  /** The upper 16 bits of the revision, `dataFlags` × 2^16, and the number of RRsets × 2^24. */
  rest: 1,
} as const;

export const dataRrsetsByte = 8;

export const dataFlags = {
  cname: 1,
  /** There is an NS RRset, and the name is not the apex. */
  delegation: 2,
  dname: 4,
  /**
   * At least one RRSIG record has the TTL of the RRset that it covers, and the RRSIG RRset was put with another TTL. A
   * word after the last RRset has that other TTL.
   */
  signatureTtl: 8,
  /** An RRset of the name has `inheritsTtl`. */
  inheritsTtl: 16,
} as const;

/** Returns how many cuts (`zone.cuts`) a name with these `dataFlags` has. */
export function cutsIn(flags: number): 0 | 1 {
  return (flags & (dataFlags.delegation | dataFlags.dname)) === 0 ? 0 : 1;
}

/**
 * An RRset: two words, then its records as they are sent: a pointer to the question's name, type, class, TTL, length,
 * rdata. Names in rdata are uncompressed and lower-cased.
 */
export const rrset = {
  /** The type, and the number of records × 2^16. */
  typeAndCount: 0,
  /** Octets of all records, manager × 2^24, and `inheritsTtl`. */
  lengthAndManager: 1,
} as const;

/** A bit of `lengthAndManager`: the RRset inherits its TTL from the zone's default TTL (TableWriter.setDefaultTtl). */
export const inheritsTtl = 0x8000_0000;

export const rrsetRecordsByte = 8;

/** Octets of a record before its rdata: pointer 2, type 2, class 2, TTL 4, length 2. */
export const recordFixedBytes = 12;

/**
 * A zone's SOA: these words, then its record as it is sent. The two octets of each pointer are zero: that of the owner,
 * and those at the ends of the two names. Never changes.
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

/** A zone's setting `addressNames`: these words, then the ranges, the IPv4 ranges first. Never changes. */
export const addressNames = {
  /** A sum of `addressNameForms`. */
  forms: 0,
  /** The TTL of the answers, in seconds. */
  ttl: 1,
  ipv4Ranges: 2,
  /** The number of all ranges, IPv4 and IPv6. */
  ranges: 3,
} as const;

export const addressNameForms = { dashed: 1, dotted: 2, hex: 4, ipv6: 8 } as const;

/** The octet of a block of `addressNames` at which the ranges begin. */
export const rangesByte = 16;
/** Octets of a range: its first and its last address, 16 octets each. IPv4 addresses are IPv4-mapped. */
export const rangeBytes = 32;

/** In place of a suffix's number in `soaNameForm`: the name is complete, without a pointer. */
export const wholeName = 0xff;

/**
 * Returns the form of a name in a SOA. `octets` is the length of its part in front of the pointer. The pointer leads to
 * suffix number `shared` of the zone's name; if `shared` is `wholeName`, there is no pointer.
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
 * A hash table from names to nodes: open addressing, linear probing, two words for each slot (hash, node). How it is
 * resized: name-index.ts.
 */
export const index = {
  /** The number of slots, which is a power of two, minus 1. */
  mask: 0,
  /** (A) After a resize: the old table, as long as it has names that have not been copied; else `none`. */
  previous: 1,
  /** (W) The number of slots that were ever used (those that are not `none`). */
  used: 2,
  /** (W) The number of names, including those that are still only in the old table. */
  live: 3,
  /** (W) How many slots of the old table have been copied. */
  moved: 4,
} as const;

export const indexSlotsWord = 6;
/** (A) `node`. The writer sets `hash` before it stores a new `node`. */
export const slot = { hash: 0, node: 1 } as const;
export const slotWords = 2;

/** Stands in place of a slot's node if its name was removed. No block has this reference, since the header is there. */
export const removed: Reference = 1;
