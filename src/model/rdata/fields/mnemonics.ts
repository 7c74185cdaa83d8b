// Names for numbers in presentation form. Names are read in upper or lower case. Only numbers are written.

export type Mnemonics = Readonly<Record<string, number>>;

/** IANA's DNS security algorithm numbers. */
export const algorithms: Mnemonics = {
  RSAMD5: 1,
  DH: 2,
  DSA: 3,
  RSASHA1: 5,
  NSEC3DSA: 6,
  NSEC3RSASHA1: 7,
  'RSASHA1-NSEC3-SHA1': 7,
  'DSA-NSEC3-SHA1': 6,
  RSASHA256: 8,
  RSASHA512: 10,
  ECCGOST: 12,
  'ECC-GOST': 12,
  ECDSAP256SHA256: 13,
  ECDSAP384SHA384: 14,
  ED25519: 15,
  ED448: 16,
  INDIRECT: 252,
  PRIVATEDNS: 253,
  PRIVATEOID: 254,
};

/** IANA's DS digest types. */
export const digestTypes: Mnemonics = {
  'SHA-1': 1,
  SHA1: 1,
  'SHA-256': 2,
  SHA256: 2,
  GOST: 3,
  'SHA-384': 4,
  SHA384: 4,
};

/** RFC 4398 §2.1. */
export const certificateTypes: Mnemonics = {
  PKIX: 1,
  SPKI: 2,
  PGP: 3,
  IPKIX: 4,
  ISPKI: 5,
  IPGP: 6,
  ACPKIX: 7,
  IACPKIX: 8,
  URI: 253,
  OID: 254,
};

/** The hash algorithms of NSEC3 (RFC 5155 §11). */
export const hashAlgorithms: Mnemonics = { 'SHA-1': 1 };

/** RFC 2535 §7.1, with BIND's names for the kind of key (bits 6, 7) and for the signatory field (bits 12 to 15). */
export const keyFlags: Mnemonics = {
  NOCONF: 0x4000,
  NOAUTH: 0x8000,
  NOKEY: 0xc000,
  FLAG2: 0x2000,
  EXTEND: 0x1000,
  FLAG4: 0x0800,
  FLAG5: 0x0400,
  USER: 0x0000,
  ZONE: 0x0100,
  HOST: 0x0200,
  NTYP3: 0x0300,
  FLAG8: 0x0080,
  FLAG9: 0x0040,
  FLAG10: 0x0020,
  FLAG11: 0x0010,
  ...Object.fromEntries(Array.from({ length: 16 }, (_, bits) => [`SIG${bits}`, bits])),
  KSK: 0x0001,
};

/** RFC 2535 §7.1. */
export const keyProtocols: Mnemonics = { NONE: 0, TLS: 1, EMAIL: 2, DNSSEC: 3, IPSEC: 4, ALL: 255 };

/** RFC 9859. */
export const syncSchemes: Mnemonics = { NOTIFY: 1 };
