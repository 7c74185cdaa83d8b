// The record types with a name: one row each, with the type's number and the kinds of its fields. A new type is a new
// row. fields.ts reads and writes each kind of field. All other types are TYPEnnn with rdata in RFC 3597's form.

import { InvalidValue } from '../invalid-value.ts';

/** The fields of a type's rdata, in the order of the wire: the name of each field in error messages, and its kind. */
type Fields<Kind extends string = string> = Readonly<Record<string, Kind>>;

interface RecordTypeRow<Kind extends string = string> {
  code: number;
  /** Absent: the rdata is written in RFC 3597's form. */
  fields?: Fields<Kind>;
  /** True: an RRset of this type has at most one record. */
  single?: true;
}

// Fields that several types share.
const signature = {
  covered: 'type',
  algorithm: 'algorithm',
  labels: 'octet1',
  ttl: 'octet4',
  expiration: 'time',
  inception: 'time',
  'key-tag': 'octet2',
  signer: 'name',
  signature: 'base64',
} as const satisfies Fields;
const dnsKey = {
  flags: 'key-flags',
  protocol: 'key-protocol',
  algorithm: 'algorithm',
  key: 'base64',
} as const satisfies Fields;
const delegation = {
  'key-tag': 'octet2',
  algorithm: 'algorithm',
  'digest-type': 'digest-type',
  digest: 'ds-digest',
} as const;
const association = {
  usage: 'octet1',
  selector: 'octet1',
  'matching-type': 'octet1',
  data: 'certificate-digest',
} as const satisfies Fields;
const service = { priority: 'octet2', target: 'name', parameters: 'parameters' } as const satisfies Fields;

/** IANA's data types, in the order of their numbers. */
const rows = {
  A: { code: 1, fields: { address: 'ipv4' } }, // RFC 1035 §3.4.1
  NS: { code: 2, fields: { server: 'name' } }, // RFC 1035 §3.3.11
  MD: { code: 3, fields: { agent: 'name' } }, // RFC 1035 §3.3.4
  MF: { code: 4, fields: { agent: 'name' } }, // RFC 1035 §3.3.5
  CNAME: { code: 5, fields: { target: 'name' }, single: true }, // RFC 1035 §3.3.1
  SOA: {
    code: 6, // RFC 1035 §3.3.13
    fields: {
      primary: 'name',
      responsible: 'name',
      serial: 'octet4',
      refresh: 'duration',
      retry: 'duration',
      expire: 'duration',
      minimum: 'duration',
    },
    single: true,
  },
  MB: { code: 7, fields: { host: 'name' } }, // RFC 1035 §3.3.3
  MG: { code: 8, fields: { mailbox: 'name' } }, // RFC 1035 §3.3.6
  MR: { code: 9, fields: { mailbox: 'name' } }, // RFC 1035 §3.3.8
  NULL: { code: 10 }, // RFC 1035 §3.3.10: any octets, so it has no text form
  WKS: { code: 11, fields: { address: 'ipv4', ports: 'ports' } }, // RFC 1035 §3.4.2
  PTR: { code: 12, fields: { target: 'name' } }, // RFC 1035 §3.3.12
  HINFO: { code: 13, fields: { cpu: 'text', os: 'text' } }, // RFC 1035 §3.3.2
  MINFO: { code: 14, fields: { responsible: 'name', errors: 'name' } }, // RFC 1035 §3.3.7
  MX: { code: 15, fields: { preference: 'octet2', exchange: 'name' } }, // RFC 1035 §3.3.9
  TXT: { code: 16, fields: { texts: 'texts' } }, // RFC 1035 §3.3.14
  RP: { code: 17, fields: { mailbox: 'name', text: 'name' } }, // RFC 1183 §2.2
  AFSDB: { code: 18, fields: { subtype: 'octet2', server: 'name' } }, // RFC 1183 §1
  X25: { code: 19, fields: { address: 'x25-address' } }, // RFC 1183 §3.1
  ISDN: { code: 20, fields: { address: 'text', subaddress: 'text-or-none' } }, // RFC 1183 §3.2
  RT: { code: 21, fields: { preference: 'octet2', host: 'name' } }, // RFC 1183 §3.3
  NSAP: { code: 22, fields: { address: 'nsap' } }, // RFC 1706 §5
  'NSAP-PTR': { code: 23, fields: { owner: 'name' } }, // RFC 1706 §6
  SIG: { code: 24, fields: signature }, // RFC 2535 §4, RFC 2931
  // RFC 2535 §3
  KEY: { code: 25, fields: { flags: 'key-flags', protocol: 'key-protocol', algorithm: 'algorithm', key: 'key' } },
  PX: { code: 26, fields: { preference: 'octet2', rfc822: 'name', x400: 'name' } }, // RFC 2163 §4
  // RFC 1712 §3: "encoded as a printable string"
  GPOS: { code: 27, fields: { longitude: 'text', latitude: 'text', altitude: 'text' } },
  AAAA: { code: 28, fields: { address: 'ipv6' } }, // RFC 3596 §2.1
  LOC: { code: 29, fields: { location: 'location' } }, // RFC 1876 §2
  NXT: { code: 30, fields: { next: 'name', types: 'old-types' } }, // RFC 2535 §5
  EID: { code: 31, fields: { identifier: 'hex' } }, // draft-ietf-nimrod-dns-00
  NIMLOC: { code: 32, fields: { locator: 'hex' } }, // draft-ietf-nimrod-dns-00
  SRV: { code: 33, fields: { priority: 'octet2', weight: 'octet2', port: 'octet2', target: 'name' } }, // RFC 2782
  ATMA: { code: 34, fields: { address: 'atma' } }, // ATM Forum af-dans-0152.000
  NAPTR: {
    code: 35, // RFC 3403 §4.1
    fields: {
      order: 'octet2',
      preference: 'octet2',
      flags: 'naptr-flags',
      services: 'text',
      regexp: 'substitution',
      replacement: 'name',
    },
  },
  KX: { code: 36, fields: { preference: 'octet2', exchanger: 'name' } }, // RFC 2230 §3.1
  CERT: {
    code: 37, // RFC 4398 §2
    fields: { type: 'certificate-type', 'key-tag': 'octet2', algorithm: 'algorithm', certificate: 'base64' },
  },
  A6: { code: 38, fields: { suffix: 'suffix' } }, // RFC 2874 §3.1
  DNAME: { code: 39, fields: { target: 'name' }, single: true }, // RFC 6672 §2.1
  // draft-eastlake-kitchen-sink, as in BIND
  SINK: { code: 40, fields: { meaning: 'octet1', coding: 'octet1', subcoding: 'octet1', data: 'base64-or-none' } },
  APL: { code: 42, fields: { prefixes: 'prefixes' } }, // RFC 3123 §4
  DS: { code: 43, fields: delegation }, // RFC 4034 §5
  SSHFP: { code: 44, fields: { algorithm: 'octet1', type: 'octet1', fingerprint: 'key-digest' } }, // RFC 4255 §3.1
  IPSECKEY: {
    code: 45, // RFC 4025 §2
    fields: {
      precedence: 'octet1',
      'gateway-type': 'octet1',
      algorithm: 'octet1',
      gateway: 'gateway',
      key: 'ipsec-key',
    },
  },
  RRSIG: { code: 46, fields: { ...signature, signer: 'signer' } }, // RFC 4034 §3
  NSEC: { code: 47, fields: { next: 'name', types: 'types-here' } }, // RFC 4034 §4
  DNSKEY: { code: 48, fields: dnsKey }, // RFC 4034 §2
  DHCID: { code: 49, fields: { identifier: 'base64' } }, // RFC 4701 §3.1
  NSEC3: {
    code: 50, // RFC 5155 §3
    fields: {
      algorithm: 'hash-algorithm',
      flags: 'octet1',
      iterations: 'octet2',
      salt: 'salt',
      next: 'hashed-name',
      types: 'types',
    },
  },
  NSEC3PARAM: {
    code: 51, // RFC 5155 §4
    fields: { algorithm: 'hash-algorithm', flags: 'octet1', iterations: 'octet2', salt: 'salt' },
  },
  TLSA: { code: 52, fields: association }, // RFC 6698 §2.1
  SMIMEA: { code: 53, fields: association }, // RFC 8162 §2
  HIP: { code: 55, fields: { identity: 'host-identity', servers: 'names' } }, // RFC 8005 §5
  NINFO: { code: 56, fields: { texts: 'texts' } }, // IANA's template
  RKEY: {
    code: 57,
    fields: { flags: 'no-key-flags', protocol: 'key-protocol', algorithm: 'algorithm', key: 'base64' },
  }, // IANA's template
  TALINK: { code: 58, fields: { previous: 'name', next: 'name' } }, // IANA's template
  CDS: { code: 59, fields: delegation }, // RFC 7344 §3.1, RFC 8078 §4
  CDNSKEY: { code: 60, fields: dnsKey }, // RFC 7344 §3.2, RFC 8078 §4
  OPENPGPKEY: { code: 61, fields: { key: 'base64' } }, // RFC 7929 §2.1
  CSYNC: { code: 62, fields: { serial: 'octet4', flags: 'octet2', types: 'types' } }, // RFC 7477 §2.1
  // RFC 8976 §2.2
  ZONEMD: { code: 63, fields: { serial: 'octet4', scheme: 'octet1', algorithm: 'octet1', digest: 'zone-digest' } },
  SVCB: { code: 64, fields: service }, // RFC 9460 §2
  HTTPS: { code: 65, fields: service }, // RFC 9460 §9
  DSYNC: { code: 66, fields: { type: 'type', scheme: 'sync-scheme', port: 'octet2', target: 'name' } }, // RFC 9859
  HHIT: { code: 67, fields: { identity: 'base64' } }, // RFC 9886
  BRID: { code: 68, fields: { identity: 'base64' } }, // RFC 9886
  UNECE: { code: 69 }, // draft-woodcock-faltstrom-external-registry-rrtypes, not final
  ISO: { code: 70 }, // the same
  SPF: { code: 99, fields: { texts: 'texts' } }, // RFC 4408 §3.1.1; RFC 7208 §3.1 replaces it with TXT
  UINFO: { code: 100 }, // IANA reserves these four; there is no published format
  UID: { code: 101 },
  GID: { code: 102 },
  UNSPEC: { code: 103 },
  NID: { code: 104, fields: { preference: 'octet2', node: 'locator64' } }, // RFC 6742 §2.1
  L32: { code: 105, fields: { preference: 'octet2', locator: 'ipv4' } }, // RFC 6742 §2.2
  L64: { code: 106, fields: { preference: 'octet2', locator: 'locator64' } }, // RFC 6742 §2.3
  LP: { code: 107, fields: { preference: 'octet2', target: 'name' } }, // RFC 6742 §2.4
  EUI48: { code: 108, fields: { address: 'eui48' } }, // RFC 7043 §3
  EUI64: { code: 109, fields: { address: 'eui64' } }, // RFC 7043 §4
  URI: { code: 256, fields: { priority: 'octet2', weight: 'octet2', target: 'uri' } }, // RFC 7553 §4
  CAA: { code: 257, fields: { flags: 'octet1', tag: 'caa-tag', value: 'long-text' } }, // RFC 8659 §4.1
  AVC: { code: 258, fields: { texts: 'texts' } }, // IANA's template
  DOA: {
    code: 259, // draft-durand-doa-over-dns-03
    fields: { enterprise: 'octet4', type: 'octet4', location: 'octet1', 'media-type': 'text', data: 'base64-or-dash' },
  },
  AMTRELAY: { code: 260, fields: { precedence: 'octet1', relay: 'relay' } }, // RFC 8777 §4
  RESINFO: { code: 261, fields: { texts: 'texts' }, single: true }, // RFC 9606 §3
  WALLET: { code: 262, fields: { texts: 'texts' } }, // IANA's template
  CLA: { code: 263, fields: { adapters: 'adapters' } }, // draft-johnson-dns-ipn-cla-07 §3.2
  IPN: { code: 264, fields: { node: 'octet8' } }, // draft-johnson-dns-ipn-cla-07 §3.1
  TA: { code: 32_768, fields: delegation }, // INI 1999-19
  DLV: { code: 32_769, fields: delegation }, // RFC 4431 §2
} as const satisfies Record<string, RecordTypeRow>;

/** The kinds of fields that the rows name. fields.ts does not compile without a codec for each kind. */
export type FieldKind = {
  [Type in keyof typeof rows]: (typeof rows)[Type] extends { fields: Fields<infer Kind> } ? Kind : never;
}[keyof typeof rows];

/**
 * The types that have a name but are not stored: those of messages (RFC 6895 §3.1), and NXNAME, which is for bitmaps.
 */
const messageTypes = {
  OPT: 41,
  NXNAME: 128,
  TKEY: 249,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  MAILB: 253,
  MAILA: 254,
  ANY: 255,
} as const;

/** A record type as text: a name in the tables above, or `TYPEnnn` (RFC 3597 §5). */
export type RecordType = string & { readonly brand: 'RecordType' };

const rowsByName = new Map<string, RecordTypeRow<FieldKind>>(Object.entries(rows));
const codes: readonly (readonly [string, number])[] = [
  ...Object.entries(rows).map(([name, { code }]) => [name, code] as const),
  ...Object.entries(messageTypes),
];
const codesByName = new Map(codes);
const namesByCode = new Map(codes.map(([name, code]) => [code, name as RecordType]));

/** The numbers of types that have rules of their own in the table or in answering. */
export const typeCode = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  DNAME: 39,
  OPT: 41,
  DS: 43,
  RRSIG: 46,
  SVCB: 64,
  HTTPS: 65,
  ANY: 255,
} as const;

const isUnstorable = (code: number): boolean => code === 0 || code === typeCode.OPT || (code >= 128 && code <= 255);

/**
 * Returns the number of a type, also of a type that a zone cannot have, because bitmaps and signatures can name such
 * types. Throws InvalidValue.
 */
export function parseTypeCode(text: string): number {
  const name = text.toUpperCase();
  const generic = /^TYPE(\d{1,5})$/.exec(name)?.[1];
  const code = generic === undefined ? codesByName.get(name) : Number(generic);
  if (code === undefined || code > 0xffff) {
    throw new InvalidValue(`'${text}' is not a known record type: write it as TYPEnnn with \\# rdata (RFC 3597)`);
  }
  return code;
}

/** Parses the name of a type that a zone can hold. Throws InvalidValue. */
export function parseRecordType(text: string): RecordType {
  const code = parseTypeCode(text);
  if (isUnstorable(code)) throw new InvalidValue(`'${text}' is not a type that a zone can hold`);
  return recordTypeName(code);
}

/** Returns the type with this number: its name, or TYPEnnn. */
export function recordTypeName(code: number): RecordType {
  return namesByCode.get(code) ?? (`TYPE${code}` as RecordType);
}

export function recordTypeCode(type: RecordType): number {
  return codesByName.get(type) ?? Number(type.slice(4));
}

/** Returns all types that have a name and that a zone can have, in the order of their numbers. */
export function knownRecordTypes(): RecordType[] {
  return [...rowsByName.keys()] as RecordType[];
}

/** Returns the fields of the type's rdata; undefined if the rdata is written in RFC 3597's form. */
export function fieldsOf(type: RecordType): Fields<FieldKind> | undefined {
  return rowsByName.get(type)?.fields;
}

/** Returns whether an RRset of this type has at most one record. */
export function isSingleton(type: RecordType): boolean {
  return rowsByName.get(type)?.single === true;
}
