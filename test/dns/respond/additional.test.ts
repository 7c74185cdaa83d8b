// The additional section (RFC 1034 §4.3.2, step 6) for every type whose RFC asks for one. dns-packet does not decode
// the rdata of most of these types.

import { answers, type Row } from '../../support/answers.ts';

const addresses = ['host.example. 60 A 192.0.2.1', 'host.example. 60 AAAA 2001:db8::1'];

function hex(name: string): string {
  return name
    .split('.')
    .reduce(
      (octets, label) => octets + Buffer.of(label.length).toString('hex') + Buffer.from(label).toString('hex'),
      '',
    );
}

/** Returns a record in the form of RFC 3597. Its rdata is the octets of the hex text `before`, then the names. */
function generic(owner: string, type: string, before: string, ...names: string[]): string {
  const rdata = before + names.map((name) => (name === '.' ? '00' : hex(name))).join('');
  return `${owner} 60 ${type} \\# ${rdata.length / 2} ${rdata}`;
}

/** Returns a row: a question, its one record in the answer, and the additional records that must come with it. */
function brings(question: string, answer: string, additional: readonly string[]): Row {
  return [question, 'NOERROR', [answer], [], additional];
}

answers(
  'RFC 1035 §3.3, RFC 1183, RFC 2230, RFC 2782, RFC 6742: a name in rdata adds the records that its type asks for',
  `
  host.example.   60 A     192.0.2.1
  host.example.   60 AAAA  2001:db8::1
  host.example.   60 X25   311061700956
  host.example.   60 ISDN  "150862028003217"
  host.example.   60 L32   10 10.1.2.0
  host.example.   60 L64   10 2001:db8:1140:1000
  host.example.   60 TXT   "not asked for"
  mb.example.     60 MB    host.example.
  mx.example.     60 MX    1 host.example.
  afsdb.example.  60 AFSDB 1 host.example.
  rt.example.     60 RT    1 host.example.
  srv.example.    60 SRV   0 0 1 host.example.
  kx.example.     60 KX    1 host.example.
  lp.example.     60 LP    1 host.example.
  mg.example.     60 MG    host.example.
  px.example.     60 PX    1 host.example. host.example.
  ptr.example.    60 PTR   host.example.
  `,
  [
    brings('mb.example. TYPE7', generic('mb.example.', 'TYPE7', '', 'host.example.'), addresses),
    brings('mx.example. MX', 'mx.example. 60 MX 1 host.example.', addresses),
    brings('afsdb.example. AFSDB', generic('afsdb.example.', 'AFSDB', '0001', 'host.example.'), addresses),
    brings('rt.example. TYPE21', generic('rt.example.', 'TYPE21', '0001', 'host.example.'), [
      ...addresses,
      'host.example. 60 TYPE19 \\# 13 0c333131303631373030393536',
      'host.example. 60 TYPE20 \\# 16 0f313530383632303238303033323137',
    ]),
    brings('srv.example. SRV', 'srv.example. 60 SRV 0 0 1 host.example.', addresses),
    brings('kx.example. KX', generic('kx.example.', 'KX', '0001', 'host.example.'), addresses),
    brings('lp.example. TYPE107', generic('lp.example.', 'TYPE107', '0001', 'host.example.'), [
      'host.example. 60 TYPE105 \\# 6 000a0a010200',
      'host.example. 60 TYPE106 \\# 10 000a20010db811401000',
    ]),
    brings('mg.example. TYPE8', generic('mg.example.', 'TYPE8', '', 'host.example.'), []),
    brings('px.example. TYPE26', generic('px.example.', 'TYPE26', '0001', 'host.example.', 'host.example.'), []),
    brings('ptr.example. PTR', 'ptr.example. 60 PTR host.example.', []),
  ],
);

const hostService = generic('host.example.', 'TYPE65', '0001', 'far.example.');

answers(
  'RFC 9460 §4.1: a TargetName adds addresses and records of the same type; "." means the owner, except in AliasMode (§2.4.2, §2.5)',
  `
  host.example.     60 A     192.0.2.1
  host.example.     60 AAAA  2001:db8::1
  host.example.     60 HTTPS 1 far.example.
  far.example.      60 A     192.0.2.9
  service.example.  60 HTTPS 1 host.example.
  service.example.  60 SVCB  1 host.example.
  alias.example.    60 HTTPS 0 host.example.
  own.example.      60 HTTPS 1 .
  own.example.      60 A     192.0.2.2
  none.example.     60 HTTPS 0 .
  none.example.     60 A     192.0.2.3
  self.example.     60 HTTPS 1 self.example.
  self.example.     60 A     192.0.2.4
  *.wild.example.   60 HTTPS 1 .
  *.wild.example.   60 A     192.0.2.5
  cname.example.    60 CNAME x.wild.example.
  both.example.     60 HTTPS 1 .
  both.example.     60 HTTPS 2 host.example.
  both.example.     60 A     192.0.2.6
  loop.example.     60 HTTPS 0 pool.example.
  pool.example.     60 HTTPS 0 loop.example.
  out.example.      60 HTTPS 1 host.elsewhere.
  `,
  [
    brings('service.example. TYPE65', generic('service.example.', 'TYPE65', '0001', 'host.example.'), [
      ...addresses,
      hostService,
    ]),
    brings('service.example. TYPE64', generic('service.example.', 'TYPE64', '0001', 'host.example.'), addresses),
    brings('alias.example. TYPE65', generic('alias.example.', 'TYPE65', '0000', 'host.example.'), [
      ...addresses,
      hostService,
    ]),
    brings('own.example. TYPE65', generic('own.example.', 'TYPE65', '0001', '.'), ['own.example. 60 A 192.0.2.2']),
    brings('none.example. TYPE65', generic('none.example.', 'TYPE65', '0000', '.'), []),
    brings('self.example. TYPE65', generic('self.example.', 'TYPE65', '0001', 'self.example.'), [
      'self.example. 60 A 192.0.2.4',
    ]),
    brings('x.wild.example. TYPE65', generic('x.wild.example.', 'TYPE65', '0001', '.'), [
      'x.wild.example. 60 A 192.0.2.5',
    ]),
    [
      'cname.example. TYPE65',
      'NOERROR',
      ['cname.example. 60 CNAME x.wild.example.', generic('x.wild.example.', 'TYPE65', '0001', '.')],
      [],
      ['x.wild.example. 60 A 192.0.2.5'],
    ],
    [
      'both.example. TYPE65',
      'NOERROR',
      [generic('both.example.', 'TYPE65', '0001', '.'), generic('both.example.', 'TYPE65', '0002', 'host.example.')],
      [],
      ['both.example. 60 A 192.0.2.6', ...addresses, hostService],
    ],
    brings('loop.example. TYPE65', generic('loop.example.', 'TYPE65', '0000', 'pool.example.'), [
      generic('pool.example.', 'TYPE65', '0000', 'loop.example.'),
    ]),
    brings('out.example. TYPE65', generic('out.example.', 'TYPE65', '0001', 'host.elsewhere.'), []),
  ],
);

answers(
  'RFC 1034 §4.3.2, step 6: the addresses of a host below a delegation are added if the zone has them, those of a name below a DNAME are not',
  `
  example.          60 NS    cut.example.
  example.          60 NS    ns.cut.example.
  example.          60 MX    1 mail.deep.cut.example.
  cut.example.      60 NS    ns.cut.example.
  cut.example.      60 A     192.0.2.1
  ns.cut.example.   60 A     192.0.2.2
  ns.cut.example.   60 AAAA  2001:db8::2
  deep.cut.example. 60 NS    ns.cut.example.
  mail.deep.cut.example. 60 A 192.0.2.3
  srv.example.      60 SRV   0 0 1 ns.cut.example.
  dname.example.    60 DNAME other.
  x.dname.example.  60 A     192.0.2.4
  hidden.example.   60 MX    1 x.dname.example.
  `,
  [
    [
      'example. NS',
      'NOERROR',
      ['example. 60 NS cut.example.', 'example. 60 NS ns.cut.example.'],
      [],
      ['cut.example. 60 A 192.0.2.1', 'ns.cut.example. 60 A 192.0.2.2', 'ns.cut.example. 60 AAAA 2001:db8::2'],
    ],
    brings('example. MX', 'example. 60 MX 1 mail.deep.cut.example.', ['mail.deep.cut.example. 60 A 192.0.2.3']),
    brings('srv.example. SRV', 'srv.example. 60 SRV 0 0 1 ns.cut.example.', [
      'ns.cut.example. 60 A 192.0.2.2',
      'ns.cut.example. 60 AAAA 2001:db8::2',
    ]),
    brings('hidden.example. MX', 'hidden.example. 60 MX 1 x.dname.example.', []),
  ],
);

answers(
  'RFC 8109 §3: a priming query of the root zone gets the addresses of its servers, below the delegation of net',
  `
  $ZONE .
  . 518400 NS a.root-servers.net.
  . 518400 NS b.root-servers.net.
  net. 172800 NS a.gtld-servers.net.
  a.gtld-servers.net. 172800 A 192.0.2.33
  a.root-servers.net. 518400 A 198.41.0.4
  a.root-servers.net. 518400 AAAA 2001:503:ba3e::2:30
  b.root-servers.net. 518400 A 192.0.2.22
  `,
  [
    [
      '. NS',
      'NOERROR',
      ['. 518400 NS a.root-servers.net.', '. 518400 NS b.root-servers.net.'],
      [],
      [
        'a.root-servers.net. 518400 A 198.41.0.4',
        'a.root-servers.net. 518400 AAAA 2001:503:ba3e::2:30',
        'b.root-servers.net. 518400 A 192.0.2.22',
      ],
    ],
  ],
);
