// Valid and invalid rdata of every type that we know by name, one line each:
//   TYPE text                 is canonical already
//   TYPE text => canonical    is read, and written as `canonical`
//   TYPE ! text :: fault      is refused with this message
// `~` before the type marks a line that BIND 9.18 reads differently, or does not read.

export interface Sample {
  type: string;
  text: string;
  /** Undefined if the text must be refused. */
  canonical: string | undefined;
  /** Part of the message of a refusal. */
  fault: string;
  /** True if the line is left out of the comparison with BIND. */
  ours: boolean;
}

const table = String.raw`
A 192.0.2.1
A 255.255.255.255
A ! 192.0.2 :: A address: '192.0.2' is not an ipv4 address
A ! 192.0.2.256 :: not an ipv4 address
A ! 010.0.2.1 :: not an ipv4 address
A ! 2001:db8::1 :: not an ipv4 address
NS ns1.example.
NS NS2.Example. => ns2.example.
NS . => .
NS ! ns1 :: NS server: 'ns1' is relative: give the whole name, with a dot at its end
NS ! a..example. :: empty label
~NS ! xn--ü.example. :: international name (UTS 46)
MD mail.example.
MD a\.b.example.
MD ! 10 mail.example. :: is relative
MF mail.example.
MF \000\255.example.
MF ! mail :: is relative
CNAME www.example.
CNAME WWW.EXAMPLE. => www.example.
CNAME \*.example. => *.example.
CNAME ! www.example.\. :: is relative
CNAME ! www.example. other.example. :: 'other.example.' is a field too many for CNAME
SOA ns1.example. hostmaster.example. 2024010101 7200 3600 1209600 300
SOA ns1.example. host\.master.example. 1 2h 1h 2w 5m => ns1.example. host\.master.example. 1 7200 3600 1209600 300
SOA . . 4294967295 0 0 0 1w1d1h1m1s => . . 4294967295 0 0 0 694861
SOA ! ns1.example. hostmaster.example. 1 2 3 4 :: SOA minimum: a number of seconds is missing
SOA ! ns1.example. hostmaster.example. 4294967296 2 3 4 5 :: SOA serial: '4294967296' is not a number from 0 to 4294967295
SOA ! ns1.example. hostmaster.example. 1 2 3 4 5x :: SOA minimum
SOA ! ns1.example. hostmaster.example. 1 2 3 4 9999999w :: SOA minimum
MB host.example.
MB a.b.c.example.
MB ! host :: is relative
MG member.example.
MG .
MG ! member :: is relative
MR new.example.
MR \001.example.
MR ! new :: is relative
NULL \# 0
NULL \# 3 abcdef
NULL ! abcdef :: the rdata of NULL must be written as \# length hex
NULL ! \# 3 abcd :: as many octets as the length says
WKS 192.0.2.1 6 25 53
WKS 192.0.2.1 TCP smtp ftp => 192.0.2.1 6 21 25
WKS 192.0.2.1 ospf mail Domain 2049 => 192.0.2.1 89 25 53 2049
WKS 192.0.2.1 17
WKS 192.0.2.1 udp 65535 0 => 192.0.2.1 17 0 65535
WKS ! 192.0.2.1 :: WKS ports: a protocol is missing
WKS ! 192.0.2.1 256 25 :: '256' is not a number from 0 to 255
WKS ! 192.0.2.1 6 65536 :: '65536' is not a number
WKS ! 192.0.2.1 6 nosuchservice :: 'nosuchservice' is not a number
PTR host.example.
PTR 1.2.0.192.in-addr.arpa.
PTR ! host :: is relative
HINFO "VAX-11/780" "UNIX"
HINFO PC "Linux \"6\"" => "PC" "Linux \"6\""
HINFO ! PC :: HINFO os: a text is missing
HINFO ! PC Linux more :: 'more' is a field too many for HINFO
MINFO owner.example. errors.example.
MINFO . errors.example.
MINFO ! owner.example. :: MINFO errors: a name is missing
MX 10 mail.example.
MX 0 . => 0 .
MX 65535 a.example.
MX ! mail.example. :: MX preference: 'mail.example.' is not a number
MX ! 65536 mail.example. :: is not a number from 0 to 65535
MX 0000000000000010 mail.example. => 10 mail.example.
MX ! 10 "mail.example." :: MX exchange: a name must not be in quotes
MX ! -1 mail.example. :: is not a number
MX ! 10 :: MX exchange: a name is missing
TXT "v=spf1 -all"
TXT one "two \"quoted\"" three\032 => "one" "two \"quoted\"" "three "
TXT "" => ""
TXT "\000\127\255\\"
TXT one"two"three => "one" "two" "three"
TXT \# two => "#" "two"
TXT "gr\öße" => "gr\195\182\195\159e"
TXT "größe" => "gr\195\182\195\159e"
TXT ! "not closed :: a quote is not closed
~TXT ! a;b :: ';' must be quoted or escaped
TXT ! a(b :: '(' must be quoted or escaped
TXT ! "a\25" :: wrong escape
TXT ! "a\256" :: is not an octet
~RP ! hö@z.example. . :: before the @
RP admin.example. text.example.
RP . .
RP ! admin.example. :: RP text: a name is missing
AFSDB 1 afs.example.
AFSDB 2 dce.example.
AFSDB ! afs.example. :: AFSDB subtype
X25 "311061700956"
X25 3110 => "3110"
X25 ! 311 :: X25 address: '311' is not at least four digits
X25 ! 31106170095x :: not at least four digits
ISDN "150862028003217" "004"
ISDN 150862028003217 => "150862028003217"
ISDN ! 1 2 3 :: '3' is a field too many for ISDN
RT 10 relay.example.
RT 65535 .
RT ! relay.example. :: RT preference
NSAP 0x47000580005a0000000001e133ffffff00016100
NSAP 0x47.0005.80.005A00.0000.0001.e133.ffffff000161.00 => 0x47000580005a0000000001e133ffffff00016100
NSAP ! 47000580 :: is not 0x and hex
NSAP ! 0x470 :: is not hex
NSAP ! 0x :: is not 0x and hex
NSAP-PTR host.example.
NSAP-PTR foo.bar.example.
NSAP-PTR ! host :: is relative
SIG NXT 1 3 3600 19960102030405 19961211100908 2143 foo.example. AQID
~SIG A RSASHA1 2 86400 1700000000 0 65535 . AQIDBA== => A 5 2 86400 20231114221320 19700101000000 65535 . AQIDBA==
SIG ! A 5 2 86400 20240101000000 20230101000000 1 . :: SIG signature: the data is missing
SIG ! A 5 2 86400 20241301000000 20230101000000 1 . AQID :: SIG expiration: '20241301000000' is not a time
KEY 256 3 5 AQPSKmynfzW4kyBv015MUG2DeIQ3
KEY NOKEY DNSSEC RSASHA1 => 49152 3 5
KEY flag2|ntyp3|sig15 ALL 1 AQ== => 8975 255 1 AQ==
KEY 0x100 NONE 1 AQ== => 256 0 1 AQ==
KEY HOST|ZONE IPSEC 1 AQ== => 768 4 1 AQ==
KEY ! 256 3 5 :: KEY key: the data is missing
KEY ! 49152 3 5 AQID :: a field too many for KEY
KEY ! WHATEVER 3 5 AQID :: KEY flags: 'WHATEVER' is not a number
PX 10 net2.it. prmd-net2.admd-p400.c-it.
PX 65535 . .
PX ! 10 net2.it. :: PX x400: a name is missing
GPOS "-32.6882" "116.8652" "10.0"
GPOS +1 2 3 => "+1" "2" "3"
GPOS ! -32.6882 116.8652 :: GPOS altitude: a text is missing
GPOS .5 "" -10m => ".5" "" "-10m"
AAAA 2001:db8::1
AAAA 2001:DB8:0:0:1:0:0:1 => 2001:db8::1:0:0:1
AAAA :: => ::
AAAA 1:2:3:4:5:6:7:8
AAAA 1:0:3:4:5:6:7:8
AAAA 0:0:0:1:0:0:0:0 => 0:0:0:1::
AAAA ::ffff:192.0.2.1
AAAA ::FFFF:C000:0201 => ::ffff:192.0.2.1
AAAA 64:ff9b::192.0.2.33 => 64:ff9b::c000:221
AAAA ::192.0.2.1 => ::c000:201
AAAA ! 192.0.2.1 :: not an ipv6 address
AAAA ! fe80::1%eth0 :: not an ipv6 address
AAAA ! 1::2::3 :: not an ipv6 address
LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m
~LOC 42 21 54.5 n 71 06 18 w -24m 30m => 42 21 54.500 N 71 6 18.000 W -24.00m 30m 10000m 10m
LOC 90 S 180 W 42849672.95 0.01m 90000000m 0.5 => 90 0 0.000 S 180 0 0.000 W 42849672.95m 0.01m 90000000m 0.50m
LOC 0 N 0 E -100000m => 0 0 0.000 N 0 0 0.000 E -100000.00m 1m 10000m 10m
LOC 000 00 .5 N 004 053 7. E 1 => 0 0 0.500 N 4 53 7.000 E 1.00m 1m 10000m 10m
LOC \# 4 01020304
LOC ! 91 N 4 E 0 :: more than 90 degrees N
LOC ! 52 60 N 4 E 0 :: '60' is not a number of minutes
LOC ! 52 22 23.0001 N 4 E 0 :: '23.0001' is not a number of seconds
LOC ! 52 22 23 1 N 4 E 0 :: '1' must be N or S
LOC ! 52 N 4 E :: the altitude is missing
LOC 52 N 4 E 0 11m 1.5m 0.25 => 52 0 0.000 N 4 0 0.000 E 0.00m 10m 1m 0.20m
~LOC ! 52 N 4 E 0 -1m :: '-1m' is not a size
LOC ! 52 N 4 E -100001m :: is not from -100000m
LOC ! \# 16 00a21613800000008000000000989680 :: not in range
NXT next.example. A MX NXT
NXT next.example. 15 1 => next.example. A MX
NXT next.example. => next.example.
NXT ! next.example. A AAAA TYPE128 :: NXT cannot name NXNAME
NXT ! next.example. NOSUCHTYPE :: 'NOSUCHTYPE' is not a known record type
EID e32c6f78163a9348
EID 00 ff => 00ff
EID ! 0 :: is not hex
EID ! xyz0 :: EID identifier: 'xyz0' is not hex
NIMLOC 32251a030067
NIMLOC AB => ab
NIMLOC ! 3225g :: is not hex
SRV 0 5 5060 sip.example.
SRV 0 0 0 . => 0 0 0 .
SRV ! 0 5 sip.example. :: SRV port: 'sip.example.' is not a number
SRV ! 0 5 65536 sip.example. :: SRV port
ATMA 39246f00e7c9c0312000100001000012345678ff
ATMA 39.246f.000e => 39246f000e
ATMA +358400123456
ATMA +358.40.0123456 => +358400123456
ATMA ! 39..24 :: is neither + and digits nor hex
ATMA \# 3 02abcd
ATMA ! + :: is neither + and digits nor hex
ATMA ! +12a :: is neither + and digits nor hex
ATMA ! 123 :: is not hex
NAPTR 100 50 "s" "z3950+I2L+I2C" "" _z3950._tcp.gatech.edu.
NAPTR 100 10 u E2U+sip !^.*$!sip:info@example.com!i . => 100 10 "u" "E2U+sip" "!^.*$!sip:info@example.com!i" .
NAPTR 0 0 "u""E2U""!a!b!ii" . => 0 0 "u" "E2U" "!a!b!ii" .
NAPTR 0 0 "" "" "/a\\/b/c/" .
~NAPTR ! 100 10 "u!" "E2U+sip" "" . :: NAPTR flags: 'u!' is not letters and digits
NAPTR ! 100 10 "u" "E2U+sip" "no substitution" . :: NAPTR regexp
NAPTR ! 100 10 "u" "E2U+sip" "!a!b!x" . :: is not a substitution
NAPTR ! 100 10 "u" "E2U+sip" "" :: NAPTR replacement: a name is missing
KX 10 kx.example.
KX 0 .
KX ! kx.example. :: KX preference
CERT 1 12345 8 MIIBIjANBg==
CERT PKIX 0 RSASHA256 AQID => 1 0 8 AQID
CERT 65535 65535 255 AQ ID => 65535 65535 255 AQID
CERT ! PKIX 0 RSASHA256 :: CERT certificate: the data is missing
CERT ! NOSUCH 0 8 AQID :: CERT type: 'NOSUCH' is not a number
CERT ! 1 0 8 AQI :: is not base64
A6 0 2001:db8::1
A6 64 ::1:2:3:4 prefix.example. => 64 ::1:2:3:4 prefix.example.
A6 128 host.example. => 128 host.example.
A6 60 0:0:0:f::1 p.example. => 60 ::f:0:0:0:1 p.example.
~A6 ! 64 2001:db8::1 p.example. :: '2001:db8::1' has bits set in its first 64
A6 ! 129 p.example. :: '129' is not a number from 0 to 128
A6 ! 0 2001:db8::1 p.example. :: a field too many for A6
A6 ! 64 ::1 :: a name is missing
DNAME target.example.
DNAME . => .
DNAME ! target :: is relative
SINK 1 2 3 abcd
SINK 0 0 0
SINK ! 1 2 :: SINK subcoding: a number is missing
SINK ! 1 2 3 a :: is not base64
APL 1:192.0.2.0/24 !2:2001:db8::/32
APL 1:10.0.0.0/8 1:224.0.0.0/4 2:::/0
APL \# 0
APL ! \# 6 00030803ab01 :: too short
APL \# 5 00030801ab
APL ! 1:192.0.2.0/33 :: has more than 32 bits
APL ! 3:192.0.2.0/24 :: is not a prefix such as
APL ! 1:192.0.2.0 :: is not a prefix such as
APL ! 2:192.0.2.0/24 :: not an ipv6 address
APL ! \# 8 00010804c0000200 :: zero octets
DS 60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118
DS 60485 RSASHA256 2 D4B7D520E7BB5F0F67674A0CCEB1E3E0 614B93C4F9E99B8383F6A1E4469DA50A => 60485 8 2 d4b7d520e7bb5f0f67674a0cceb1e3e0614b93c4f9e99b8383f6a1e4469da50a
DS 60485 5 SHA-1 2bb183af5f22588179a53b0a98631fad1a292118 => 60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118
DS 60485 8 sha256 D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A => 60485 8 2 d4b7d520e7bb5f0f67674a0cceb1e3e0614b93c4f9e99b8383f6a1e4469da50a
DS 0 0 0 00
DS 1 253 240 abcdef
DS ! 60485 5 1 2bb1 :: DS digest: 2 octets: a digest of type 1 has 20
DS ! 60485 5 2 2bb183af5f22588179a53b0a98631fad1a292118 :: a digest of type 2 has 32
DS ! 60485 5 1 :: DS digest: the digest is missing
DS ! 60485 NOSUCH 1 2bb183af5f22588179a53b0a98631fad1a292118 :: DS algorithm: 'NOSUCH' is not a number from 0 to 255
SSHFP 2 1 123456789abcdef67890123456789abcdef67890
SSHFP 4 2 D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A => 4 2 d4b7d520e7bb5f0f67674a0cceb1e3e0614b93c4f9e99b8383f6a1e4469da50a
SSHFP ! 2 1 1234 :: SSHFP fingerprint: 2 octets: a digest of type 1 has 20
SSHFP ! 2 1 12345 :: is not hex
SSHFP ! 256 1 123456789abcdef67890123456789abcdef67890 :: SSHFP algorithm
IPSECKEY 10 1 2 192.0.2.38 AQNRU3mG7TVTO2BkR47usntb102uFJtugbo6BSGvgqt4AQ==
IPSECKEY 10 0 2 . AQID
IPSECKEY 10 3 2 MyGateway.example. AQID => 10 3 2 mygateway.example. AQID
IPSECKEY 10 2 2 2001:0DB8:0:8002::2000:1 AQID => 10 2 2 2001:db8:0:8002::2000:1 AQID
~IPSECKEY 10 3 0 gateway.example.
IPSECKEY ! 10 0 2 gateway.example. AQID :: IPSECKEY gateway: 'gateway.example.' must be '.'
IPSECKEY ! 10 3 2 gateway.example. :: IPSECKEY key: the data is missing
IPSECKEY ! 10 4 2 . AQID :: type 4 is unknown
IPSECKEY ! 10 1 2 gateway.example. AQID :: not an ipv4 address
IPSECKEY ! 10 3 2 gateway AQID :: is relative
RRSIG A 5 3 86400 20030322173103 20030220173103 2642 example.com. oJB1W6WNGv+ldvQ3WDG0MQkg5IEhjRip8WTrPYGv07h108dUKGMeDPKijVCHX3DD
RRSIG TYPE65280 ED25519 0 0 0 4294967295 0 . AQID => TYPE65280 15 0 0 19700101000000 21060207062815 0 . AQID
RRSIG 1 5 0 1 22000101000000 19691231235960 0 . AQID => A 5 0 1 20631124173144 19700101000000 0 . AQID
RRSIG ! NOSUCH 5 3 86400 20030322173103 20030220173103 2642 example.com. AQID :: RRSIG covered
RRSIG ! A 5 1 86400 20030322173103 20030220173103 2642 example.com. AQID :: RRSIG signer: a zone of 2 labels cannot sign a name of 1
RRSIG ! A 5 3 86400 20030322173103 20030220173103 2642 example.com :: RRSIG signer: 'example.com' is relative
RRSIG ! A 5 1 86400 20030322173103 20030220173103 2642 example.com. AQID :: RRSIG signer: a zone of 2 labels cannot sign a name of 1
RRSIG ! A 5 3 86400 200303221731 20030220173103 2642 example.com. AQID :: RRSIG expiration
RRSIG ! A 5 3 86400 20030230000000 20030220173103 2642 example.com. AQID :: is not a time
NSEC host.example. A MX RRSIG NSEC TYPE1234
NSEC host.example. nsec a rrsig a => host.example. A RRSIG NSEC
~NSEC \000.host.example. A NXNAME => \000.host.example. A NXNAME
NSEC ! host.example. :: NSEC types: a record type is missing
NSEC ! host.example. A NOSUCH :: NSEC types: 'NOSUCH'
NSEC ! \# 6 016100000000 :: out of order or of a wrong length
NSEC ! \# 7 01610000024000 :: must not end in an octet of zeros
DNSKEY 256 3 5 AQPSKmynfzW4kyBv015MUG2DeIQ3Cbl+BBZH4b/0PY1kxkmvHjcZc8nokfzj31GajIQKY+5CptLr3buXA10hWqTkF7H6RfoRqXQeogmMHfpftf6zMv1LyBUgia7za6ZEzOJBOztyvhjL742iU/TpPSEDhm2SNKLijfUppn1UaNvv4w==
DNSKEY 257 3 ED25519 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4= => 257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=
DNSKEY ZONE|KSK DNSSEC RSASHA256 AQID => 257 3 8 AQID
DNSKEY 256 2 5 AQID
DNSKEY ! 256 3 5 :: DNSKEY key: the data is missing
DNSKEY ! 256 3 5 A=== :: is not base64
DHCID AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=
DHCID AAEB AQID => AAEBAQID
DHCID ! AAE :: is not base64
NSEC3 1 1 12 aabbccdd 2vptu5timamqttgl4luu9kg21e0aor3s MX RRSIG
NSEC3 1 0 0 - 2VPTU5TIMAMQTTGL4LUU9KG21E0AOR3S => 1 0 0 - 2vptu5timamqttgl4luu9kg21e0aor3s
NSEC3 SHA-1 0 0 - 2vptu5timamqttgl4luu9kg21e0aor3s => 1 0 0 - 2vptu5timamqttgl4luu9kg21e0aor3s
NSEC3 ! 1 1 12 aabbccd 2vptu5timamqttgl4luu9kg21e0aor3s MX :: NSEC3 salt: 'aabbccd' is not hex
NSEC3 ! 1 1 12 - 2vptu5timamqttgl4luu9kg21e0aor3w MX :: is not base32
NSEC3 ! 1 1 12 - 2vptu5timamqttgl4luu9kg21e0aor3 MX :: whole number of octets
NSEC3 ! 1 1 12 - 2vptu5ti MX :: NSEC3 next: 5 octets: a hash of algorithm 1 has 20
NSEC3 ! 1 1 65536 - 2vptu5timamqttgl4luu9kg21e0aor3s :: NSEC3 iterations
NSEC3PARAM 1 0 12 aabbccdd
NSEC3PARAM 1 0 0 -
NSEC3PARAM ! 1 0 0 :: NSEC3PARAM salt: the salt is missing
NSEC3PARAM ! 1 0 0 abc :: is not hex
TLSA 3 1 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971
TLSA 0 0 0 30820307 308201EFA00302010202 => 0 0 0 30820307308201efa00302010202
~TLSA ! 3 1 1 d2ab :: TLSA data: 2 octets: a digest of type 1 has 32
~TLSA ! 3 1 2 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971 :: a digest of type 2 has 64
TLSA ! 3 1 1 :: TLSA data: the digest is missing
SMIMEA 3 0 0 aabbccddeeff
SMIMEA 3 1 1 D2ABDE240D7CD3EE6B4B28C54DF034B97983A1D16E8A410E4561CB106618E971 => 3 1 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971
SMIMEA ! 3 1 aabb :: SMIMEA matching-type
HIP 2 200100107b1a74df365639cc39f1d578 AwEAAbdxyhNuSutc5EMzxTs9LBPCIkOFH8cIvM4p
HIP 2 200100107B1A74DF365639CC39F1D578 AwEAAbdx rvs1.example. RVS2.example. => 2 200100107b1a74df365639cc39f1d578 AwEAAbdx rvs1.example. rvs2.example.
HIP ! 2 200100107b1a74df365639cc39f1d57 AwEAAbdx :: is not a host identity tag
HIP ! 2 200100107b1a74df365639cc39f1d578 AwEAAbd :: is not base64 without blanks
HIP ! 2 200100107b1a74df365639cc39f1d578 AwEAAbdx rvs1 :: HIP servers: 'rvs1' is relative
NINFO "info" "more"
NINFO one => "one"
NINFO ! "open :: a quote is not closed
RKEY 0 255 1 AQNRU3mG
RKEY 0 3 RSASHA1 AQ== => 0 3 5 AQ==
RKEY USER DNSSEC 1 AQ== => 0 3 1 AQ==
RKEY ! 1 3 5 AQ== :: RKEY flags: '1' must be 0
RKEY ! 0 3 5 :: RKEY key: the data is missing
TALINK . next.example.
TALINK previous.example. .
TALINK ! . :: TALINK next: a name is missing
CDS 30795 1 1 310d27f4d82c1fc2400704ea9939fe6e1cea3a3b
CDS 0 0 0 00
CDS ! 30795 1 1 310d :: CDS digest
CDNSKEY 257 3 8 AQID
CDNSKEY 0 3 0 AA==
CDNSKEY 257 1 8 AQID
CDNSKEY ! 257 3 8 A=== :: is not base64
OPENPGPKEY mQINBFHMmkcB
OPENPGPKEY mQIN BFHM => mQINBFHM
OPENPGPKEY ! mQINB :: OPENPGPKEY key: 'mQINB' is not base64
CSYNC 66 3 A NS AAAA
CSYNC 0 0
CSYNC ! 66 A NS :: CSYNC flags: 'A' is not a number
ZONEMD 2018031500 1 1 c68090d90a7aed716bc459f9340e3d7c1370d4d24b7e2fc3a1ddc0b9a87153b9a9713b3c9ae5cc27777f98b8e730044c
ZONEMD 1 240 241 e2d523f654b9422a96c5a8f4
ZONEMD ! 1 1 1 c68090d90a7aed716bc459f9 :: ZONEMD digest: 12 octets: a digest of type 1 has 48
ZONEMD ! 1 1 241 c680 :: a digest has at least 12
SVCB 0 svc.example.
SVCB 1 . alpn="h2,h3" port=8443
SVCB 16 foo.example. port=53 key667="hello" => 16 foo.example. port=53 key667="hello"
SVCB 1 foo.example. key667="hello\210qoo"
SVCB 1 foo.example. ipv6hint=2001:db8::1,2001:db8::53:1
SVCB 1 example.com. ipv6hint="2001:db8:122:344::192.0.2.33" => 1 example.com. ipv6hint=2001:db8:122:344::c000:221
SVCB 16 foo.example.org. alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1 => 16 foo.example.org. mandatory=alpn,ipv4hint alpn="h2,h3-19" ipv4hint=192.0.2.1
SVCB 16 foo.example.org. alpn="f\\\\oo\\,bar,h2" => 16 foo.example.org. alpn="f\\\\oo\\,bar,h2"
SVCB 16 foo.example.org. alpn=f\\\092oo\092,bar,h2 => 16 foo.example.org. alpn="f\\\\oo\\,bar,h2"
SVCB 1 a.example. key3=\000\053 key9 => 1 a.example. port=53 key9
SVCB 1 a.example. alpn=h2 no-default-alpn ech=AEn+DQBFKwAgACABWIHUGj4u+PIggYXcR5JF0gYk3dCRioBW8uJq9H4mKAAIAAEAAQABAANAEnB1YmxpYy50bHMtZWNoLmRldgAA => 1 a.example. alpn="h2" no-default-alpn ech=AEn+DQBFKwAgACABWIHUGj4u+PIggYXcR5JF0gYk3dCRioBW8uJq9H4mKAAIAAEAAQABAANAEnB1YmxpYy50bHMtZWNoLmRldgAA
SVCB 1 dns.example. alpn=dot dohpath=/dns-query{?dns} => 1 dns.example. alpn="dot" dohpath="/dns-query{?dns}"
~SVCB 1 dns.example. alpn="h2" ohttp
~SVCB 1 dns.example. alpn="co" docpath=a,b => 1 dns.example. alpn="co" docpath="a,b"
~SVCB 1 dns.example. alpn="co" docpath
SVCB 0 . alpn="h2"
SVCB ! 1 foo.example. key123="a" key123="b" :: key123 appears twice
SVCB ! 1 foo.example. mandatory=mandatory :: mandatory must not list itself
SVCB ! 1 foo.example. mandatory=port :: mandatory lists port, which is missing
SVCB ! 1 foo.example. mandatory=port,port port=53 :: mandatory lists a key twice
SVCB ! 1 foo.example. no-default-alpn :: no-default-alpn needs alpn
SVCB ! 1 foo.example. alpn=h2 no-default-alpn=a :: no-default-alpn: takes no value
SVCB ! 1 foo.example. alpn :: alpn: a value is empty
SVCB ! 1 foo.example. alpn=h2,,h3 :: alpn: a value is empty
~SVCB ! 1 foo.example. alpn=a\\b :: a backslash that is not before a comma
SVCB ! 1 foo.example. port :: port: '' is not a number
SVCB ! 1 foo.example. port=\053\051 :: port: it must not have escapes
~SVCB ! 1 foo.example. ALPN=h2 :: 'ALPN' is not a known parameter
SVCB ! 1 foo.example. dohpath=/{?dns}{a :: dohpath: it must be a path
SVCB ! 1 foo.example. port=65536 :: port: '65536' is not a number
SVCB ! 1 foo.example. ipv4hint=192.0.2 :: ipv4hint: '192.0.2' is not an ipv4 address
SVCB ! 1 foo.example. ipv4hint :: ipv4hint: a value is missing
~SVCB ! 1 foo.example. ech :: ech: '' is not base64
SVCB ! 1 foo.example. dohpath=/dns-query :: dohpath: it must be a path with the variable dns
SVCB ! 1 foo.example. dohpath=/\255{?dns} :: dohpath: it must be a path
SVCB ! 1 foo.example. nosuchkey=1 :: 'nosuchkey' is not a known parameter
SVCB ! 1 foo.example. key0123=1 :: 'key0123' is not a known parameter
~SVCB ! 1 foo.example. key65535=1 :: 'key65535' is not a known parameter
SVCB ! 1 foo.example. "alpn=h2" :: a parameter must not be in quotes
SVCB ! \# 14 0001000003000201bb0001000001 :: out of order
HTTPS 1 . alpn="h3,h2" ipv4hint=192.0.2.1,192.0.2.2 ipv6hint=::1
HTTPS 0 www.example. => 0 www.example.
HTTPS 16 Foo.Example. port="53" => 16 foo.example. port=53
HTTPS ! 1 :: HTTPS target: a name is missing
HTTPS ! 1 foo alpn=h2 :: HTTPS target: 'foo' is relative
DSYNC CDS NOTIFY 5359 notify.example. => CDS 1 5359 notify.example.
DSYNC CSYNC 129 65535 .
DSYNC ! CDS NOTIFY 5359 :: DSYNC target: a name is missing
DSYNC ! CDS OTHER 5359 a. :: DSYNC scheme: 'OTHER' is not a number
HHIT gwppM2ZmOCAwIDc=
HHIT AQ ID => AQID
HHIT ! gwppM2ZmOCAwID :: is not base64
BRID owAA
BRID gw==
BRID ! gw :: BRID identity: 'gw' is not base64
~UNECE \# 2 abcd
~UNECE \# 0
~UNECE ! 1 :: the rdata of UNECE must be written as \# length hex
~ISO \# 1 00
~ISO \# 0
~ISO ! 1 :: the rdata of ISO must be written as \# length hex
SPF "v=spf1 +mx a:colo.example.com/28 -all"
SPF "v=spf1 " -all => "v=spf1 " "-all"
SPF ! "v=spf1 :: a quote is not closed
UINFO \# 2 abcd
UINFO \# 0
UINFO ! user :: the rdata of UINFO must be written as \# length hex
UID \# 4 00000001
UID \# 1 ff
UID ! 1000 :: the rdata of UID must be written as \# length hex
GID \# 4 00000001
GID \# 1 ff
GID ! 1000 :: the rdata of GID must be written as \# length hex
UNSPEC \# 2 abcd
UNSPEC \# 1 00
UNSPEC ! #?5 :: the rdata of UNSPEC must be written as \# length hex
NID 10 0014:4fff:ff20:ee64
NID 65535 14:4FFF:f:0 => 65535 0014:4fff:000f:0000
NID ! 10 0014:4fff:ff20 :: NID node: '0014:4fff:ff20' is not written as
NID ! 10 0014:4fff:ff20:ee640 :: is not written as
L32 10 10.1.2.0
L32 20 10.1.4.0
L32 ! 10 10.1.2 :: L32 locator
L64 10 2001:0db8:1140:1000
L64 20 2001:db8:0:1 => 20 2001:0db8:0000:0001
L64 ! 10 2001:db8::1 :: L64 locator
LP 10 l64-subnet1.example.
LP 65535 .
LP ! l64-subnet1.example. :: LP preference
EUI48 00-00-5e-00-53-2a
EUI48 00-00-5E-00-53-FF => 00-00-5e-00-53-ff
EUI48 0-0-5e-0-53-1 => 00-00-5e-00-53-01
EUI48 ! 00:00:5e:00:53:2a :: is not written as 00-00-5e-00-53-2a
EUI48 ! 00-00-5e-00-53 :: is not written as
EUI64 00-00-5e-ef-10-00-00-2a
EUI64 00-00-5E-EF-10-00-00-FF => 00-00-5e-ef-10-00-00-ff
EUI64 ! 00-00-5e-00-53-2a :: is not written as 00-00-5e-ef-10-00-00-2a
URI 10 1 "ftp://ftp1.example.com/public"
URI 65535 0 "a\"b"
URI ! 10 1 ftp://ftp1.example.com/ :: URI target: a URI must be in quotes
~URI ! 10 1 "" :: URI target: the text is empty
URI ! 10 "ftp://ftp1.example.com/public" :: URI weight
CAA 0 issue "ca.example.net; account=230123"
CAA 128 tbs ""
CAA 0 iodef mailto:security@example.com => 0 iodef "mailto:security@example.com"
CAA 0 ISSUE "a" => 0 issue "a"
CAA ! 256 issue "a" :: CAA flags: '256' is not a number from 0 to 255
CAA 0 issue"a" => 0 issue "a"
CAA ! 0 "issue" "a" :: CAA tag: a tag must not be in quotes
CAA ! 0 is-sue "a" :: CAA tag: 'is-sue' is not a CAA tag
CAA ! 0 issue :: CAA value: a text is missing
AVC "app-name:WOLFGANG|app-class:OAM|business=yes"
AVC a b => "a" "b"
AVC ! "a :: a quote is not closed
DOA 1234567890 1234567890 1 "image/gif" R0lGODlhKAAZAOMC
DOA 0 0 255 "" -
DOA ! 0 0 1 "text/plain" :: DOA data: the data is missing
DOA ! 0 0 1 "text/plain" a :: is not base64
AMTRELAY 10 0 1 203.0.113.15
AMTRELAY 128 1 3 AMTRelays.example. => 128 1 3 amtrelays.example.
AMTRELAY 10 0 2 2001:DB8::15 => 10 0 2 2001:db8::15
AMTRELAY 10 1 0 .
AMTRELAY \# 4 010405ff
AMTRELAY ! 10 2 1 203.0.113.15 :: '2' is not a number from 0 to 1
AMTRELAY ! 10 0 4 . :: type 4 is unknown
AMTRELAY ! 10 0 1 2001:db8::15 :: AMTRELAY relay: '2001:db8::15' is not an ipv4 address
RESINFO "qnamemin" "exterr=15-17" "infourl=https://resolver.example.com/guide"
RESINFO qnamemin => "qnamemin"
RESINFO ! "a :: a quote is not closed
WALLET "ETH" "0xAbCd"
WALLET BTC => "BTC"
WALLET ! "a :: a quote is not closed
~CLA "TCP-v4-v6"
~CLA TCP-v4-v7 LTP-v6-v7 => "TCP-v4-v7" "LTP-v6-v7"
~CLA ! "TCP v4" :: CLA adapters: 'TCP v4' is not a word of letters
~CLA ! -TCP :: is not a word
~IPN 3735928559
~IPN 1.2 => 4294967298
~IPN 18446744073709551615
~IPN ! 18446744073709551616 :: is not a number from 0 to 18446744073709551615
~IPN ! 1.4294967296 :: IPN node: '4294967296' is not a number
TA 1234 5 1 2bb183af5f22588179a53b0a98631fad1a292118
TA 0 0 240 00
TA ! 1234 5 1 2bb1 :: TA digest
DLV 1234 5 1 2bb183af5f22588179a53b0a98631fad1a292118
DLV 0 0 240 00
DLV ! 1234 5 1 2bb1 :: DLV digest
`;

export const samples: readonly Sample[] = table.trim().split('\n').map(readLine);

function readLine(line: string): Sample {
  const [, mark, type = '', refused, rest = ''] = /^(~?)(\S+) (! )?(.*)$/.exec(line) ?? [];
  const ours = mark === '~';
  if (refused !== undefined) {
    const [text = '', fault = ''] = rest.split(' :: ');
    return { type, text, canonical: undefined, fault, ours };
  }
  const [text = '', canonical = text] = rest.split(' => ');
  return { type, text, canonical, fault: '', ours };
}

/** The samples that must be accepted. */
export const goodSamples = samples.filter(
  (sample): sample is Sample & { canonical: string } => sample.canonical !== undefined,
);
/** The samples that must be refused. */
export const badSamples = samples.filter(({ canonical }) => canonical === undefined);
