// RFC 2308: negative answers carry a SOA that limits how long they are cached. Also tests RFC 8020 (empty
// non-terminals) and RFC 8482 (ANY).

import { answers } from '../../support/answers.ts';

answers(
  "RFC 2308 §5: in a negative answer, the TTL of the SOA is the smaller of the SOA's TTL and its MINIMUM",
  `
  $ZONE long.example.
  long.example. 3600 SOA ns.long.example. root.long.example. 7 2 3 4 300
  a.long.example. 60 A 192.0.2.1
  $ZONE short.example.
  short.example. 30 SOA ns.elsewhere. root.elsewhere. 7 2 3 4 300
  a.short.example. 60 A 192.0.2.1`,
  [
    ['b.long.example. A', 'NXDOMAIN', [], ['long.example. 300 SOA ns.long.example. root.long.example. 7 2 3 4 300']],
    ['a.long.example. TXT', 'NOERROR', [], ['long.example. 300 SOA ns.long.example. root.long.example. 7 2 3 4 300']],
    ['long.example. SOA', 'NOERROR', ['long.example. 3600 SOA ns.long.example. root.long.example. 7 2 3 4 300']],
    ['b.short.example. A', 'NXDOMAIN', [], ['short.example. 30 SOA ns.elsewhere. root.elsewhere. 7 2 3 4 300']],
  ],
);

answers('RFC 2308 §2.2: the apex gets NODATA for a type that it does not have', 'a.example. 60 A 192.0.2.1', [
  ['example. A', 'NOERROR', []],
]);

answers(
  'RFC 8020 §3.1: an empty non-terminal gets NODATA, and a name that does not exist below it gets NXDOMAIN',
  `
  a.b.c.example. 60 A 192.0.2.1
  _sip._tcp.example. 60 SRV 0 0 5060 a.b.c.example.`,
  [
    ['c.example. A', 'NOERROR', []],
    ['b.c.example. ANY', 'NOERROR', []],
    ['b.c.example. ANY tcp', 'NOERROR', []],
    ['_tcp.example. SRV', 'NOERROR', []],
    ['x.b.c.example. A', 'NXDOMAIN', []],
    ['a.a.b.c.example. A', 'NXDOMAIN', []],
    ['z.z.z.z.z.z.z.z.example. A', 'NXDOMAIN', []],
  ],
);

answers(
  'RFC 8482 §4.1: ANY gets one RRset over UDP, and all RRsets over a connection',
  `
  example.      60 NS  ns.example.
  host.example. 60 A   192.0.2.1
  host.example. 60 TXT "text"
  host.example. 60 MX  10 host.example.
  alias.example. 60 CNAME host.example.`,
  [
    ['host.example. ANY', 'NOERROR', ['host.example. 60 A 192.0.2.1']],
    [
      'host.example. ANY tcp',
      'NOERROR',
      ['host.example. 60 A 192.0.2.1', 'host.example. 60 MX 10 host.example.', 'host.example. 60 TXT "text"'],
      [],
      [],
    ],
    ['alias.example. ANY', 'NOERROR', ['alias.example. 60 CNAME host.example.']],
    ['example. ANY', 'NOERROR', ['example. 60 NS ns.example.']],
    [
      'example. ANY tcp',
      'NOERROR',
      ['example. 60 NS ns.example.', 'example. 3600 SOA ns1.example. hostmaster.example. 1 7200 600 1209600 300'],
    ],
    ['none.example. ANY', 'NXDOMAIN', []],
  ],
);
