// RFC 6672: DNAME.

import { answers } from '../../support/answers.ts';

const long = 'x'.repeat(63);

answers(
  'RFC 6672 §2.2, §3.1: a DNAME renames the names below its owner, and not the owner itself',
  `
  old.example.     60 DNAME  new.example.
  old.example.     60 A      192.0.2.9
  hid.old.example. 60 A      192.0.2.66
  www.new.example. 30 A      192.0.2.1
  a.new.example.   30 CNAME  b.old.example.
  b.new.example.   30 A      192.0.2.2
  out.example.     60 DNAME  elsewhere.
  up.example.      60 DNAME  example.
  `,
  [
    [
      'www.old.example. A',
      'NOERROR',
      [
        'old.example. 60 DNAME new.example.',
        'www.old.example. 60 CNAME www.new.example.',
        'www.new.example. 30 A 192.0.2.1',
      ],
    ],
    [
      'www.old.example. TXT',
      'NOERROR',
      ['old.example. 60 DNAME new.example.', 'www.old.example. 60 CNAME www.new.example.'],
      ['example. 300 SOA ns1.example. hostmaster.example. 1 7200 600 1209600 300'],
    ],
    [
      'www.old.example. CNAME',
      'NOERROR',
      ['old.example. 60 DNAME new.example.', 'www.old.example. 60 CNAME www.new.example.'],
    ],
    [
      'www.old.example. ANY',
      'NOERROR',
      [
        'old.example. 60 DNAME new.example.',
        'www.old.example. 60 CNAME www.new.example.',
        'www.new.example. 30 A 192.0.2.1',
      ],
    ],
    [
      'a.old.example. ANY',
      'NOERROR',
      [
        'old.example. 60 DNAME new.example.',
        'a.old.example. 60 CNAME a.new.example.',
        'a.new.example. 30 CNAME b.old.example.',
      ],
    ],
    ['old.example. A', 'NOERROR', ['old.example. 60 A 192.0.2.9']],
    ['old.example. DNAME', 'NOERROR', ['old.example. 60 DNAME new.example.']],
    ['old.example. TXT', 'NOERROR', []],
    [
      'hid.old.example. A',
      'NXDOMAIN',
      ['old.example. 60 DNAME new.example.', 'hid.old.example. 60 CNAME hid.new.example.'],
    ],
    [
      'a.old.example. A',
      'NOERROR',
      [
        'old.example. 60 DNAME new.example.',
        'a.old.example. 60 CNAME a.new.example.',
        'a.new.example. 30 CNAME b.old.example.',
        'b.old.example. 60 CNAME b.new.example.',
        'b.new.example. 30 A 192.0.2.2',
      ],
    ],
    ['x.y.out.example. A', 'NOERROR', ['out.example. 60 DNAME elsewhere.', 'x.y.out.example. 60 CNAME x.y.elsewhere.']],
    [
      'www.new.up.example. A',
      'NOERROR',
      [
        'up.example. 60 DNAME example.',
        'www.new.up.example. 60 CNAME www.new.example.',
        'www.new.example. 30 A 192.0.2.1',
      ],
    ],
  ],
);

answers('RFC 6672 §2.2: a name that would be too long is YXDOMAIN', `dn.example. 60 DNAME ${long}.example.`, [
  [`${long}.${long}.${long}.dn.example. A`, 'YXDOMAIN', [`dn.example. 60 DNAME ${long}.example.`]],
  [
    `${long}.${long}.dn.example. A`,
    'NXDOMAIN',
    [`dn.example. 60 DNAME ${long}.example.`, `${long}.${long}.dn.example. 60 CNAME ${long}.${long}.${long}.example.`],
  ],
]);

answers(
  'RFC 6672 §3.2: a DNAME is in the answer once, also if the name that it makes is its own owner',
  `
  turn.example.   60 DNAME  example.
  turn.example.   60 TXT    "text"
  bare.example.   60 DNAME  example.
  `,
  [
    [
      'turn.turn.example. DNAME',
      'NOERROR',
      ['turn.example. 60 DNAME example.', 'turn.turn.example. 60 CNAME turn.example.'],
    ],
    [
      'turn.turn.example. ANY tcp',
      'NOERROR',
      ['turn.example. 60 DNAME example.', 'turn.turn.example. 60 CNAME turn.example.', 'turn.example. 60 TXT "text"'],
    ],
    [
      'turn.turn.example. ANY',
      'NOERROR',
      ['turn.example. 60 DNAME example.', 'turn.turn.example. 60 CNAME turn.example.', 'turn.example. 60 TXT "text"'],
    ],
    [
      'bare.bare.example. ANY',
      'NOERROR',
      ['bare.example. 60 DNAME example.', 'bare.bare.example. 60 CNAME bare.example.'],
    ],
  ],
);
