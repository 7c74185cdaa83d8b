// RFC 4592: wildcards, with the zone and the questions of §2.2.1 of that RFC.

import { answers } from '../../support/answers.ts';

answers(
  'RFC 4592 §2.2.1: names are synthesised as in the example of the RFC',
  `
  example.                 3600 NS  ns.example.com.
  example.                 3600 NS  ns.example.net.
  *.example.               3600 TXT "this is a wildcard"
  *.example.               3600 MX  10 host1.example.
  sub.*.example.           3600 TXT "this is not a wildcard"
  host1.example.           3600 A   192.0.2.1
  _ssh._tcp.host1.example. 3600 SRV 0 0 22 host1.example.
  _ssh._tcp.host2.example. 3600 SRV 0 0 22 host2.example.
  subdel.example.          3600 NS  ns.example.com.
  subdel.example.          3600 NS  ns.example.net.`,
  [
    [
      'host3.example. MX',
      'NOERROR',
      ['host3.example. 3600 MX 10 host1.example.'],
      [],
      ['host1.example. 3600 A 192.0.2.1'],
    ],
    ['host3.example. A', 'NOERROR', []],
    ['foo.bar.example. TXT', 'NOERROR', ['foo.bar.example. 3600 TXT "this is a wildcard"']],
    ['host1.example. MX', 'NOERROR', []],
    ['sub.*.example. MX', 'NOERROR', []],
    ['_telnet._tcp.host1.example. SRV', 'NXDOMAIN', []],
    [
      'host.subdel.example. A',
      'NOERROR -aa',
      [],
      ['subdel.example. 3600 NS ns.example.com.', 'subdel.example. 3600 NS ns.example.net.'],
    ],
    ['ghost.*.example. MX', 'NXDOMAIN', []],
    ['*.example. TXT', 'NOERROR', ['*.example. 3600 TXT "this is a wildcard"']],
    ['host2.example. MX', 'NOERROR', []],
    ['_tcp.host2.example. MX', 'NOERROR', []],
    ['a.host2.example. MX', 'NXDOMAIN', []],
    ['example. TXT', 'NOERROR', []],
  ],
);

answers(
  'RFC 4592 §2.2.2: a wildcard that is an empty non-terminal exists and has no records',
  'x.*.example. 60 A 192.0.2.1',
  [
    ['*.example. A', 'NOERROR', []],
    ['y.example. A', 'NOERROR', []],
    ['x.y.example. A', 'NOERROR', []],
    ['y.*.example. A', 'NXDOMAIN', []],
  ],
);

answers(
  'RFC 4592 §3.3: only the wildcard at the closest encloser answers',
  `
  *.example.     60 A 192.0.2.1
  *.b.example.   60 A 192.0.2.2
  c.b.example.   60 A 192.0.2.3
  e.d.example.   60 A 192.0.2.4
  **.example.    60 TXT "no wildcard"
  a*.example.    60 TXT "no wildcard"`,
  [
    ['x.example. A', 'NOERROR', ['x.example. 60 A 192.0.2.1']],
    ['x.b.example. A', 'NOERROR', ['x.b.example. 60 A 192.0.2.2']],
    ['y.x.b.example. A', 'NOERROR', ['y.x.b.example. 60 A 192.0.2.2']],
    ['x.c.b.example. A', 'NXDOMAIN', []],
    ['x.d.example. A', 'NXDOMAIN', []],
    ['b.example. A', 'NOERROR', []],
    ['x.x.x.x.x.x.x.x.x.x.example. A', 'NOERROR', ['x.x.x.x.x.x.x.x.x.x.example. 60 A 192.0.2.1']],
    ['**.example. A', 'NOERROR', []],
    ['x.a*.example. A', 'NXDOMAIN', []],
  ],
);

answers(
  'RFC 4592 §4.3: a CNAME at a wildcard is followed',
  `
  *.w.example.  60 CNAME host.example.
  host.example. 60 A     192.0.2.1`,
  [
    ['a.w.example. A', 'NOERROR', ['a.w.example. 60 CNAME host.example.', 'host.example. 60 A 192.0.2.1']],
    ['a.w.example. CNAME', 'NOERROR', ['a.w.example. 60 CNAME host.example.']],
    ['w.example. A', 'NOERROR', []],
  ],
);
