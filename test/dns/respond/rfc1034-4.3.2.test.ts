// The algorithm of RFC 1034 §4.3.2: zones, names, aliases, delegations, additional section. Also RFC 2181 and RFC 6604.
// src/dns/respond/lookup.ts cites this test.

import { answers, defaultSoa } from '../../support/answers.ts';

const soa = `example. 3600 ${defaultSoa}`;
const negative = `example. 300 ${defaultSoa}`;

answers(
  'RFC 1034 §4.3.2 step 3a: the answer is the whole RRset that was asked for, and nothing else',
  `
  example.       3600 NS   ns1.example.
  example.       3600 MX   10 mail.example.
  ns1.example.   3600 A    192.0.2.53
  mail.example.  3600 A    192.0.2.25
  mail.example.  3600 AAAA 2001:db8::25
  host.example.  300  A    192.0.2.1
  host.example.  300  A    192.0.2.2
  host.example.  60   TXT  "one" "two"
  host.example.  60   CAA  0 issue "ca.example"
  host.example.  60   TYPE65280 \\# 2 abcd
  _s._tcp.example. 60 SRV  1 2 443 mail.example.
  4.example.     60   PTR  host.example.
  out.example.   60   MX   10 mail.elsewhere.
  twice.example. 60   MX   10 mail.example.
  twice.example. 60   MX   20 mail.example.`,
  [
    ['host.example. A', 'NOERROR', ['host.example. 300 A 192.0.2.1', 'host.example. 300 A 192.0.2.2'], [], []],
    ['host.example. TXT', 'NOERROR', ['host.example. 60 TXT "one" "two"'], [], []],
    ['host.example. CAA', 'NOERROR', ['host.example. 60 CAA 0 issue "ca.example"']],
    ['host.example. TYPE65280', 'NOERROR', ['host.example. 60 TYPE65280 \\# 2 abcd']],
    ['4.example. PTR', 'NOERROR', ['4.example. 60 PTR host.example.']],
    ['example. SOA', 'NOERROR', [soa], [], []],
    ['example. NS', 'NOERROR', ['example. 3600 NS ns1.example.'], [], ['ns1.example. 3600 A 192.0.2.53']],
    [
      'example. MX',
      'NOERROR',
      ['example. 3600 MX 10 mail.example.'],
      [],
      ['mail.example. 3600 A 192.0.2.25', 'mail.example. 3600 AAAA 2001:db8::25'],
    ],
    [
      '_s._tcp.example. SRV',
      'NOERROR',
      ['_s._tcp.example. 60 SRV 1 2 443 mail.example.'],
      [],
      ['mail.example. 3600 A 192.0.2.25', 'mail.example. 3600 AAAA 2001:db8::25'],
    ],
    ['out.example. MX', 'NOERROR', ['out.example. 60 MX 10 mail.elsewhere.'], [], []],
    [
      'twice.example. MX',
      'NOERROR',
      ['twice.example. 60 MX 10 mail.example.', 'twice.example. 60 MX 20 mail.example.'],
      [],
      ['mail.example. 3600 A 192.0.2.25', 'mail.example. 3600 AAAA 2001:db8::25'],
    ],
    ['host.example. AAAA', 'NOERROR', [], [negative]],
    ['none.example. A', 'NXDOMAIN', [], [negative]],
    ['elsewhere. A', 'REFUSED', []],
    ['. NS', 'REFUSED', []],
  ],
);

answers(
  'RFC 1034 §4.3.2 step 2: the most specific of nested zones answers',
  `
  $ZONE example.
  a.example.            60 A 192.0.2.1
  x.sub.example.        60 A 192.0.2.66
  x.y.example.          60 A 192.0.2.3
  $ZONE sub.example.
  sub.example.          60 A 192.0.2.2
  $ZONE 2.0.192.in-addr.arpa.
  1.2.0.192.in-addr.arpa. 60 PTR a.example.`,
  [
    ['a.example. A', 'NOERROR', ['a.example. 60 A 192.0.2.1']],
    ['sub.example. A', 'NOERROR', ['sub.example. 60 A 192.0.2.2']],
    ['x.sub.example. A', 'NXDOMAIN', [], [`sub.example. 300 ${defaultSoa}`]],
    ['b.x.sub.example. A', 'NXDOMAIN', [], [`sub.example. 300 ${defaultSoa}`]],
    ['y.example. A', 'NOERROR', [], [negative]],
    ['1.2.0.192.in-addr.arpa. PTR', 'NOERROR', ['1.2.0.192.in-addr.arpa. 60 PTR a.example.']],
    ['1.3.0.192.in-addr.arpa. PTR', 'REFUSED', []],
    // RFC 4035 §3.1.4.1: the parent zone answers a question for DS.
    ['sub.example. DS', 'NOERROR', [], [negative]],
    ['example. DS', 'NOERROR', [], [negative]],
  ],
);

answers(
  'RFC 1034 §4.3.2 step 2: the root can be a zone',
  `
  $ZONE .
  . 60 NS a.root.
  a.root. 60 A 192.0.2.1
  com. 60 NS ns.com.
  ns.com. 60 A 192.0.2.2`,
  [
    ['. NS', 'NOERROR', ['. 60 NS a.root.'], [], ['a.root. 60 A 192.0.2.1']],
    ['. A', 'NOERROR', []],
    ['nothing. A', 'NXDOMAIN', []],
    ['x.com. A', 'NOERROR -aa', [], ['com. 60 NS ns.com.'], ['ns.com. 60 A 192.0.2.2']],
  ],
);

answers(
  'RFC 1034 §3.6.2: aliases are followed within and between our zones, and end outside of them',
  `
  $ZONE example.
  host.example.    300 A     192.0.2.1
  alias.example.   60  CNAME host.example.
  second.example.  60  CNAME alias.example.
  dead.example.    60  CNAME none.example.
  empty.example.   60  CNAME ent.example.
  b.ent.example.   60  A     192.0.2.9
  other.example.   60  CNAME www.other.
  refused.example. 60  CNAME www.elsewhere.
  loop1.example.   60  CNAME loop2.example.
  loop2.example.   60  CNAME loop1.example.
  self.example.    60  CNAME self.example.
  cut.example.     60  NS    ns.cut.example.
  ns.cut.example.  60  A     192.0.2.7
  in-cut.example.  60  CNAME www.cut.example.
  $ZONE other.
  www.other.       60  CNAME host.example.
  *.wild.other.    60  CNAME host.example.
  *.spin.other.    60  CNAME x.spin.other.`,
  [
    ['alias.example. A', 'NOERROR', ['alias.example. 60 CNAME host.example.', 'host.example. 300 A 192.0.2.1']],
    [
      'second.example. A',
      'NOERROR',
      [
        'second.example. 60 CNAME alias.example.',
        'alias.example. 60 CNAME host.example.',
        'host.example. 300 A 192.0.2.1',
      ],
    ],
    ['alias.example. CNAME', 'NOERROR', ['alias.example. 60 CNAME host.example.']],
    ['alias.example. AAAA', 'NOERROR', ['alias.example. 60 CNAME host.example.'], [negative]],
    // RFC 6604 §3: the rcode is that of the last name.
    ['dead.example. A', 'NXDOMAIN', ['dead.example. 60 CNAME none.example.'], [negative]],
    ['empty.example. A', 'NOERROR', ['empty.example. 60 CNAME ent.example.'], [negative]],
    [
      'other.example. A',
      'NOERROR',
      ['other.example. 60 CNAME www.other.', 'www.other. 60 CNAME host.example.', 'host.example. 300 A 192.0.2.1'],
    ],
    ['x.wild.other. A', 'NOERROR', ['x.wild.other. 60 CNAME host.example.', 'host.example. 300 A 192.0.2.1']],
    ['y.spin.other. A', 'NOERROR', ['y.spin.other. 60 CNAME x.spin.other.', 'x.spin.other. 60 CNAME x.spin.other.']],
    ['refused.example. A', 'NOERROR', ['refused.example. 60 CNAME www.elsewhere.']],
    [
      'loop1.example. A',
      'NOERROR',
      ['loop1.example. 60 CNAME loop2.example.', 'loop2.example. 60 CNAME loop1.example.'],
    ],
    ['self.example. A', 'NOERROR', ['self.example. 60 CNAME self.example.']],
    // AA is about the first name in the answer section (RFC 1035 §4.1.1).
    [
      'in-cut.example. A',
      'NOERROR',
      ['in-cut.example. 60 CNAME www.cut.example.'],
      ['cut.example. 60 NS ns.cut.example.'],
      ['ns.cut.example. 60 A 192.0.2.7'],
    ],
  ],
);

answers(
  'RFC 1034 §4.3.2 step 3b: a delegation is answered with a referral and its glue',
  `
  example.          60 NS   ns1.example.
  ns1.example.      60 A    192.0.2.53
  cut.example.      60 NS   ns.cut.example.
  cut.example.      60 NS   ns.sibling.example.
  cut.example.      60 NS   ns1.example.
  cut.example.      60 NS   ns.elsewhere.
  cut.example.      60 A    192.0.2.66
  cut.example.      60 DS   1 8 240 00
  ns.cut.example.   60 A    192.0.2.1
  ns.cut.example.   60 AAAA 2001:db8::1
  sibling.example.  60 NS   ns.sibling.example.
  ns.sibling.example. 60 A  192.0.2.2
  mx.example.       60 MX   10 ns.cut.example.
  deep.cut.example. 60 NS   ns.deep.cut.example.`,
  [
    [
      'www.cut.example. A',
      'NOERROR -aa',
      [],
      [
        'cut.example. 60 NS ns.cut.example.',
        'cut.example. 60 NS ns.sibling.example.',
        'cut.example. 60 NS ns1.example.',
        'cut.example. 60 NS ns.elsewhere.',
      ],
      [
        'ns.cut.example. 60 A 192.0.2.1',
        'ns.cut.example. 60 AAAA 2001:db8::1',
        'ns.sibling.example. 60 A 192.0.2.2',
        'ns1.example. 60 A 192.0.2.53',
      ],
    ],
    [
      'sibling.example. A',
      'NOERROR -aa',
      [],
      ['sibling.example. 60 NS ns.sibling.example.'],
      ['ns.sibling.example. 60 A 192.0.2.2'],
    ],
    ['sibling.example. NS', 'NOERROR -aa', [], ['sibling.example. 60 NS ns.sibling.example.']],
    ['sibling.example. ANY tcp', 'NOERROR -aa', [], ['sibling.example. 60 NS ns.sibling.example.']],
    // Glue is not authoritative: the name is below the delegation.
    ['ns.sibling.example. A', 'NOERROR -aa', [], ['sibling.example. 60 NS ns.sibling.example.']],
    // RFC 4035 §3.1.4.1: the parent zone answers a question for DS.
    ['sibling.example. DS', 'NOERROR', [], [negative]],
    [
      'cut.example. DS',
      'NOERROR',
      ['cut.example. 60 DS {"keyTag":1,"algorithm":8,"digestType":240,"digest":{"type":"Buffer","data":[0]}}'],
    ],
    ['x.sibling.example. DS', 'NOERROR -aa', [], ['sibling.example. 60 NS ns.sibling.example.']],
    [
      'mx.example. MX',
      'NOERROR',
      ['mx.example. 60 MX 10 ns.cut.example.'],
      [],
      ['ns.cut.example. 60 A 192.0.2.1', 'ns.cut.example. 60 AAAA 2001:db8::1'],
    ],
    ['example. NS', 'NOERROR', ['example. 60 NS ns1.example.'], [], ['ns1.example. 60 A 192.0.2.53']],
  ],
);

answers(
  'RFC 2181 §10.1, RFC 4035 §2.5: a type that may stand beside a CNAME is answered by its own records',
  `
  example.       3600 NS    ns1.elsewhere.
  a.example.     60   CNAME b.example.
  a.example.     60   KEY   256 3 8 AQAB
  b.example.     60   A     192.0.2.1`,
  [
    ['a.example. KEY', 'NOERROR', ['a.example. 60 KEY \\# 7 01000308010001']],
    ['a.example. A', 'NOERROR', ['a.example. 60 CNAME b.example.', 'b.example. 60 A 192.0.2.1']],
    ['a.example. CNAME', 'NOERROR', ['a.example. 60 CNAME b.example.']],
  ],
);

const chain = Array.from({ length: 17 }, (_, i) => `a${i}.example. 60 CNAME a${i + 1}.example.`);

answers(
  'a response has at most 16 CNAMEs; the target of the 16th is not looked up',
  [...chain, 'a17.example. 60 A 192.0.2.1'].join('\n'),
  [
    ['a0.example. A', 'NOERROR', chain.slice(0, 16)],
    ['a1.example. A', 'NOERROR', chain.slice(1)],
    ['a2.example. A', 'NOERROR', [...chain.slice(2), 'a17.example. 60 A 192.0.2.1']],
  ],
);
