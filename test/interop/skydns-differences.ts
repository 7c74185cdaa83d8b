// The cases of skydns-vectors.json that we answer differently, with the RFC that says so.

const exact = 'a name has only its own records, not those of names below it (RFC 1034 §4.3.2)';

export const differences: Record<string, { why: string; ours: string[] }> = {
  // server1.prod.region1.skydns.test. A
  'lookup 6': { why: exact, ours: ['NOERROR', 'NS skydns.test 30 SOA ns.dns.skydns.test'] },
  // sub.region1.skydns.test. SRV
  'lookup 8': { why: exact, ours: ['NOERROR', 'NS skydns.test 30 SOA ns.dns.skydns.test'] },
  // cname.prod.region1.skydns.test. A
  'lookup 10': {
    why: 'an alias is in the answer, and the rcode is that of its target (RFC 1034 §4.3.2, RFC 6604 §3)',
    ours: [
      'AN cname.prod.region1.skydns.test 300 CNAME unresolvable.skydns.test',
      'NS skydns.test 30 SOA ns.dns.skydns.test',
      'NXDOMAIN',
    ],
  },
  // txt.server1.prod.region1.skydns.test. TXT
  'lookup 11': { why: exact, ours: ['NOERROR', 'NS skydns.test * SOA ns.dns.skydns.test'] },
  // *.region1.skydns.test. SRV
  'lookup 12': {
    why: 'an asterisk in a question is an ordinary label (RFC 4592 §2.1)',
    ours: ['NS skydns.test 30 SOA ns.dns.skydns.test', 'NXDOMAIN'],
  },
  // prod.*.skydns.test. SRV
  'lookup 13': {
    why: 'an asterisk in a question is an ordinary label (RFC 4592 §2.1)',
    ours: ['NS skydns.test 30 SOA ns.dns.skydns.test', 'NXDOMAIN'],
  },
  // prod.any.skydns.test. SRV
  'lookup 14': {
    why: "'any' is an ordinary label (RFC 1034 §3.1)",
    ours: ['NS skydns.test 30 SOA ns.dns.skydns.test', 'NXDOMAIN'],
  },
  // a.cname.skydns.test. A
  'lookup 15': {
    why: 'aliases are in the answer, also if they form a loop (RFC 1034 §3.6.2)',
    ours: [
      'AN a.cname.skydns.test 300 CNAME b.cname.skydns.test',
      'AN b.cname.skydns.test 300 CNAME a.cname.skydns.test',
      'NOERROR',
    ],
  },
  // ns.dns.skydns.test. A
  'lookup 22': { why: exact, ours: ['NOERROR', 'NS skydns.test 30 SOA ns.dns.skydns.test'] },
  // skydns_zonea.test. A
  'lookup 24': {
    why: 'the apex has only its own records (RFC 1034 §4.3.2); addresses of the apex are at apex.dns',
    ours: ['NOERROR', 'NS skydns_zonea.test 30 SOA ns.dns.skydns_zonea.test'],
  },
  // dom.skydns.test. A
  'group 0': { why: exact, ours: ['NOERROR', 'NS skydns.test 30 SOA ns.dns.skydns.test'] },
  // dom2.skydns.test. A
  'group 1': { why: exact, ours: ['NOERROR', 'NS skydns.test 30 SOA ns.dns.skydns.test'] },
  // dom1.skydns.test. A
  'group 2': { why: exact, ours: ['NOERROR', 'NS skydns.test 30 SOA ns.dns.skydns.test'] },
  // dom3.skydns.test. TXT
  'group 3': { why: exact, ours: ['NOERROR', 'NS skydns.test 30 SOA ns.dns.skydns.test'] },
  // a.server1.dev.region1.example.org. SRV
  'multi 2': { why: 'a zone that is not served here is REFUSED (RFC 1035 §4.1.1, RFC 9499 §7)', ours: ['REFUSED'] },
  // a.server1.dev.region1.skydns.test. SRV
  'cname 0': {
    why: 'a name with a CNAME has no other records (RFC 1034 §3.6.2), and an SRV record needs a port (RFC 2782)',
    ours: [
      'AN a.server1.dev.region1.skydns.test 300 CNAME cname1.region2.skydns.test',
      'AN cname1.region2.skydns.test 300 CNAME cname2.region2.skydns.test',
      'AN cname2.region2.skydns.test 300 CNAME cname3.region2.skydns.test',
      'AN cname3.region2.skydns.test 300 CNAME cname4.region2.skydns.test',
      'AN cname4.region2.skydns.test 300 CNAME cname5.region2.skydns.test',
      'AN cname5.region2.skydns.test 300 CNAME cname6.region2.skydns.test',
      'AN cname6.region2.skydns.test 300 CNAME endpoint.region2.skydns.test',
      'NOERROR',
      'NS skydns.test 30 SOA ns.dns.skydns.test',
    ],
  },
  // a.mail.skydns.test. MX
  'other_mx_txt 1': {
    why: 'a mail exchange must not be an alias (RFC 2181 §10.3), and the name has no address',
    ours: ['AN a.mail.skydns.test 300 MX 50 mx.skydns.test', 'NOERROR'],
  },
  // mx2.skydns.test. MX
  'other_mx_txt 2': { why: exact, ours: ['NOERROR', 'NS skydns.test 30 SOA ns.dns.skydns.test'] },
  // mx3.skydns.test. MX
  'other_mx_txt 3': { why: exact, ours: ['NOERROR', 'NS skydns.test 30 SOA ns.dns.skydns.test'] },
  // multiport.http.skydns.test. A
  'other_mx_txt 7': { why: exact, ours: ['NOERROR', 'NS skydns.test 30 SOA ns.dns.skydns.test'] },
};
