// Faults of our answers that differential runs found. Each has a table with the smallest zone that shows the fault.

import { answers } from '../support/answers.ts';

answers(
  'RFC 1034 §4.3.2, step 6: an address that a wildcard makes for a name in rdata is added once',
  `
  example.        60 NS   ns.example.
  *.w.example.    60 A    192.0.2.1
  m.example.      60 MX   10 a.w.example.
  m.example.      60 MX   20 b.w.example.
  m.example.      60 MX   30 b.w.example.
  m.example.      60 MX   40 *.w.example.
  m.example.      60 MX   50 a.b.example.
  cut.example.    60 NS   x.cut.example.
  cut.example.    60 NS   c.w.example.
  *.cut.example.  60 AAAA 2001:db8::1
  y.example.      60 MX   10 x.cut.example.
  `,
  [
    [
      'm.example. MX',
      'NOERROR',
      [
        'm.example. 60 MX 10 a.w.example.',
        'm.example. 60 MX 20 b.w.example.',
        'm.example. 60 MX 30 b.w.example.',
        'm.example. 60 MX 40 *.w.example.',
        'm.example. 60 MX 50 a.b.example.',
      ],
      [],
      ['a.w.example. 60 A 192.0.2.1', 'b.w.example. 60 A 192.0.2.1', '*.w.example. 60 A 192.0.2.1'],
    ],
    [
      'a.cut.example. A',
      'NOERROR -aa',
      [],
      ['cut.example. 60 NS x.cut.example.', 'cut.example. 60 NS c.w.example.'],
      ['x.cut.example. 60 AAAA 2001:db8::1', 'c.w.example. 60 A 192.0.2.1'],
    ],
    [
      'x.cut.example. ANY',
      'NOERROR -aa',
      [],
      ['cut.example. 60 NS x.cut.example.', 'cut.example. 60 NS c.w.example.'],
      ['x.cut.example. 60 AAAA 2001:db8::1', 'c.w.example. 60 A 192.0.2.1'],
    ],
    ['y.example. MX', 'NOERROR', ['y.example. 60 MX 10 x.cut.example.'], [], ['x.cut.example. 60 AAAA 2001:db8::1']],
  ],
);
