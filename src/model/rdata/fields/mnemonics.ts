// Names that presentation form has for numbers. They are read, in either case; numbers are what we write.

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

/** DS's digest types. */
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

/** RFC 2535 §7.1. */
export const keyFlags: Mnemonics = {
  NOCONF: 0x4000,
  NOAUTH: 0x8000,
  NOKEY: 0xc000,
  EXTEND: 0x1000,
  USER: 0x0000,
  ZONE: 0x0100,
  HOST: 0x0200,
  KSK: 0x0001,
};

/** RFC 2535 §7.1. */
export const keyProtocols: Mnemonics = { NONE: 0, TLS: 1, EMAIL: 2, DNSSEC: 3, IPSEC: 4, ALL: 255 };

/** RFC 9859. */
export const syncSchemes: Mnemonics = { NOTIFY: 1 };

/** WKS (RFC 1035 §3.4.2): what zone files of its time wrote; any other is written as its number. */
export const protocols: Mnemonics = { ICMP: 1, IGMP: 2, TCP: 6, EGP: 8, IGP: 9, UDP: 17 };

export const services: Mnemonics = {
  ECHO: 7,
  DISCARD: 9,
  SYSTAT: 11,
  DAYTIME: 13,
  NETSTAT: 15,
  QOTD: 17,
  CHARGEN: 19,
  'FTP-DATA': 20,
  FTP: 21,
  SSH: 22,
  TELNET: 23,
  SMTP: 25,
  TIME: 37,
  NAMESERVER: 42,
  WHOIS: 43,
  TACACS: 49,
  DOMAIN: 53,
  BOOTPS: 67,
  BOOTPC: 68,
  TFTP: 69,
  GOPHER: 70,
  FINGER: 79,
  HTTP: 80,
  WWW: 80,
  KERBEROS: 88,
  HOSTNAME: 101,
  HOSTNAMES: 101,
  POP2: 109,
  POP3: 110,
  SUNRPC: 111,
  AUTH: 113,
  SFTP: 115,
  'UUCP-PATH': 117,
  NNTP: 119,
  NTP: 123,
  IMAP: 143,
  IMAP2: 143,
  SNMP: 161,
  'SNMP-TRAP': 162,
  XDMCP: 177,
  BGP: 179,
  IRC: 194,
  HTTPS: 443,
};
