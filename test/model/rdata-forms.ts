// Odd ways to write rdata. We and BIND must read a form to the same octets, or both must refuse it
// (rdata-forms.test.ts). A line has forms of one type, separated by ¦; <TAB> means a tab. A line that begins with `~`
// has forms on which we differ from BIND. The comment above such lines gives the reason.

export interface Form {
  type: string;
  text: string;
  /** True if BIND differs from us. */
  ours: boolean;
}

const table = String.raw`
A "192.0.2.1" ¦ 192.0.2.01 ¦ 1.2.3.4. ¦ 192.0.2 ¦ 0xC0000201 ¦ \049.2.3.4 ¦ \# 4 0a000001 ¦ \# 4 0a 00 00 01 ¦ \# 04 0a000001 ¦ \# 0 ¦ \#
AAAA "2001:db8::1" ¦ ::ffff:1.2.3.4 ¦ 1:2:3:4:5:6:7:: ¦ ::2:3:4:5:6:7:8 ¦ 0001:2::00003 ¦ 1:2:3:4:5:6:1.2.3.4 ¦ ::1.2.3 ¦ ::01.2.3.4 ¦ 1::2: ¦ :::
NS "ns1.example." ¦ a\.b. ¦ \065.example. ¦ a\ b.example. ¦ a"b".example. ¦ "a". ¦ \"a. ¦ . ¦ \@. ¦ a@b. ¦ \(a. ¦ a\\.b. ¦ a\032b. ¦ a\x. ¦ *.a.
NS !#$%&'*+,-/:<=>?@[]^_{|}~. ¦ a\<TAB>b.
MX 010 a. ¦ 00000000000000000010 a. ¦ 0x10 a. ¦ +10 a. ¦ "10" a. ¦ 10 "a." ¦ \049 a. ¦ 10. a. ¦ 1h a. ¦ 10"a." ¦ 10 a.\<TAB>b.
TXT a"b"c ¦ "a"b"c" ¦ "a""b" ¦ "a"b ¦ a"b c"d ¦ a"b" ¦ a""b ¦ "" ¦ """" ¦ a\"b ¦ a\"b"c" ¦ "a\"b" ¦ "a;b" ¦ a\;b ¦ "a(b)c" ¦ a\(b ¦ a\ b
TXT a\<TAB>b ¦ a<TAB>b ¦ "a<TAB>b" ¦ "a\<TAB>b" ¦ \a\b\c ¦ \000 ¦ \1 ¦ \12 ¦ \12a ¦ "\1a" ¦ \255 ¦ \256 ¦ \ ¦ a\ ¦ @ ¦ "@" ¦ \# ¦ "\#" ¦ \# a
TXT "\#" a ¦ \# 2 0161 ¦ \# 2 01 61 ¦ \# 2 "0161" ¦ "\#" 2 0161 ¦ \# 0x2 0161 ¦ \# 002 0161 ¦ \# 2 0 161 ¦ \# 0 ¦ \# 1 00 ¦ \\# 2 ¦ \#2
TXT \035 2 0161 ¦ = ¦ a=b ¦ a="b c" ¦ a="b"c ¦ ='a b' ¦ 'a b' ¦ "a ¦ a" ¦ a"b ¦ ö ¦ "ö" ¦ \ö ¦ "\ö" ¦ \#<TAB>2 0161 ¦ \# 2 ¦ \# 2 016
TXT \# 2 01 6 1 ¦ \# 65536 01 ¦ \# 1a 01
HINFO a b ¦ a"b" ¦ "a""b" ¦ a b c ¦ "" "" ¦ a ¦ "a b" ¦ "a"b
GPOS 1 2 3 ¦ "1" 2 3 ¦ -1 +2 -3 ¦ 01 002 0003 ¦ 1. 2. 3. ¦ .5 .5 .5 ¦ -.5 1 1 ¦ "" 1 1 ¦ 1 "" 1 ¦ 1 1 "" ¦ "" "" "" ¦ abc 1 1 ¦ 1e3 1 1 ¦ 1 1 1m
GPOS 200 1 1 ¦ 1 100 1 ¦ 1 1 "10.0m" ¦ "-32.6882" "116.8652" "10.0" ¦ 1 2 ¦ 1 2 3 4 ¦ - 1 1 ¦ + 1 1 ¦ . 1 1 ¦ 1.2.3 1 1 ¦ 1,5 1 1 ¦ " 1" 1 1
GPOS "1 " 1 1 ¦ \049 1 1 ¦ 1"2"3 ¦ "1""2""3" ¦ 1-2 1 1
X25 311061700956 ¦ "311061700956" ¦ 3110 ¦ 311 ¦ "" ¦ 31106170095x ¦ 3110 1 ¦ "3110"
ISDN 1 2 ¦ 1 ¦ "1" "2" ¦ "" "" ¦ abc def ¦ 1 2 3 ¦ "1""2" ¦ 1"2"
WKS 192.0.2.1 6 25 ¦ 192.0.2.1 tcp 25 ¦ 192.0.2.1 TCP 25 ¦ 192.0.2.1 tcp smtp domain ¦ 192.0.2.1 TCP mail ¦ 192.0.2.1 udp syslog
WKS 192.0.2.1 tcp syslog ¦ 192.0.2.1 tcp shell login ¦ 192.0.2.1 ospf ¦ 192.0.2.1 ospf 25 ¦ 192.0.2.1 ipv6-icmp ¦ 192.0.2.1 256
WKS 192.0.2.1 006 025 ¦ 192.0.2.1 0x6 25 ¦ 192.0.2.1 6 25 25 ¦ 192.0.2.1 6 65535 ¦ 192.0.2.1 6 65536 ¦ 192.0.2.1 6 ¦ 192.0.2.1 "6" 25
WKS 192.0.2.1 6 "25" ¦ 192.0.2.1 6 -1 ¦ 192.0.2.1 hopopt 1 ¦ 192.0.2.1 ip 1 ¦ 192.0.2.1 IP 1 ¦ 192.0.2.1 6 http https ¦ 192.0.2.1 17 tftp ntp
WKS 192.0.2.1 132 http ¦ 192.0.2.1 sctp http ¦ 192.0.2.1 6 0 ¦ 1.2.3 6 25 ¦ 192.0.2.1 mptcp ¦ 192.0.2.1 6 dicom ¦ 192.0.2.1 6 DICOM
WKS 192.0.2.1 6 Http ¦ 192.0.2.1 6 X11 ¦ 192.0.2.1 rspf 25 ¦ 192.0.2.1 CPHB 25
KEY 256 3 5 AQID ¦ 0x100 3 5 AQID ¦ 0x 3 5 AQID ¦ 1f 3 5 AQID ¦ 010 3 5 AQID ¦ ZONE 3 5 AQID ¦ zone 3 5 AQID ¦ ZONE|HOST 3 5 AQID
KEY zone|host|ntyp3 3 5 AQID ¦ ZONE|USER 3 5 AQID ¦ NOCONF|NOAUTH 3 5 AQID ¦ NOKEY|NOAUTH 3 5 ¦ NOKEY|ZONE 3 5 ¦ NOCONF|NOAUTH 3 5
KEY FLAG4 3 5 AQID ¦ FLAG5|FLAG8|FLAG9|FLAG10|FLAG11 3 5 AQID ¦ FLAG2 3 5 AQID ¦ FLAG0|FLAG1|FLAG2|FLAG3|FLAG4|FLAG5|FLAG6|FLAG7 3 5 AQID
KEY NTYP3 3 5 AQID ¦ EXTEND 3 5 AQID ¦ EXTEND 3 5 0001 AQID ¦ 4096 3 5 AQID ¦ SIG0|SIG1 3 5 AQID ¦ SIG0 3 5 AQID ¦ SIG15 3 5 AQID
KEY ENTITY 3 5 AQID ¦ NTYPE3 3 5 AQID ¦ REVOKE 3 5 AQID ¦ KSK 3 5 AQID ¦ ZONE|1 3 5 AQID ¦ 65536 3 5 AQID ¦ NOKEY 3 5 ¦ NOKEY 3 5 AQID ¦ 49152 3 0
KEY 32768 3 0 AQID ¦ 16384 3 5 AQID ¦ 256 TLS 5 AQID ¦ 256 tls 5 AQID ¦ 256 EMAIL 5 AQID ¦ 256 DNSSEC 5 AQID ¦ 256 IPSEC 5 AQID ¦ 256 ALL 5 AQID
KEY 256 NONE 5 AQID ¦ 256 any 5 AQID ¦ 256 0x3 5 AQID ¦ 256 003 5 AQID ¦ 256 256 5 AQID ¦ 256 3 RSA AQID ¦ 256 3 RSAMD5 AQID ¦ 256 3 DH AQID
KEY 256 3 DSA AQID ¦ 256 3 ECC AQID ¦ 256 3 RSASHA1 AQID ¦ 256 3 INDIRECT AQID ¦ 256 3 PRIVATEDNS AQID ¦ 256 3 PRIVATEOID AQID
KEY 256 3 PRIVATEDNS BWFiY2RlAGFi ¦ 256 3 PRIVATEDNS AWEAAQ== ¦ 256 3 PRIVATEOID BgNVBAMB ¦ 256 3 253 AQID ¦ 256 3 254 AQID ¦ 256 3 0x5 AQID
KEY 256 3 005 AQID ¦ 256 3 5 AQ ID ¦ 256 3 5 A Q I D ¦ 256 3 5 "AQID" ¦ 256 3 5 A=== ¦ 256 3 5 AR== ¦ 256 3 5 AQ== ¦ 256 3 5 AQ ¦ 256 3 5 AQ==AQ==
KEY 256 3 5 AQ== AQID ¦ 256 3 5 AQ = = ¦ 256 3 5 ==== ¦ 256 3 5 AQI* ¦ 256 3 5 AQI_ ¦ 0x10000 3 5 AQID ¦ 0X1f 3 5 AQID ¦ 99999 3 5 AQID
KEY 1ffff 3 5 AQID ¦ 256|1 3 5 AQID ¦ 0fff 3 5 AQID
DNSKEY ZONE DNSSEC RSASHA1 AQID ¦ ZONE|KSK 3 RSASHA256 AQID ¦ zone|ksk dnssec rsasha256 AQID ¦ 0x101 3 8 AQID ¦ 257 03 8 AQID
DNSKEY ZONE|REVOKE 3 8 AQID ¦ NOKEY 3 8 ¦ 49152 3 8 ¦ 49408 3 8 AQID ¦ 256 3 RSA AQID ¦ 256 3 NSEC3RSASHA1 AQID ¦ 256 3 NSEC3DSA AQID
DNSKEY 256 3 ECCGOST AQID ¦ 256 3 GOST AQID ¦ 256 3 ED25519 AQID ¦ 256 3 ED448 AQID ¦ 256 3 DH AQID ¦ 256 3 DSA AQID ¦ 256 3 RSAMD5 AQID
DNSKEY 256 3 PRIVATEDNS AQID ¦ 256 3 PRIVATEOID AQID ¦ 256 3 INDIRECT AQID ¦ 256 3 0 AQID ¦ 256 3 256 AQID ¦ 0x1 DNSSEC 5 AQID ¦ NOKEY 3 5 AQID
DNSKEY NOKEY 3 5 ¦ NOCONF 3 5 AQID ¦ 257 2 8 AQID ¦ 257 255 8 AQID ¦ 257 ALL 8 AQID
CDNSKEY ZONE|KSK DNSSEC ED25519 AQID ¦ 0 3 0 AA== ¦ 0 3 0 0 ¦ 0 3 DELETE AA== ¦ 0 3 0 ¦ 0 3 0 AAAA
CDS 0 0 0 00 ¦ 0 0 0 0 ¦ 0 DELETE 0 00 ¦ 0 0 0 ¦ 0 0 0 0000 ¦ 0 0 0 01
RKEY 0 255 1 AQID ¦ 1 3 1 AQID ¦ USER 3 1 AQID ¦ 0 DNSSEC RSASHA1 AQID ¦ 0x0 3 1 AQID ¦ ZONE 3 1 AQID ¦ |USER 3 5 AQID ¦ SIG0 3 5 AQID ¦ 0 3 5
CERT PKIX 1 RSASHA256 AQID ¦ pkix 1 rsasha256 AQID ¦ SPKI 1 8 AQID ¦ PGP 1 8 AQID ¦ IPKIX 1 8 AQID ¦ ISPKI 1 8 AQID ¦ IPGP 1 8 AQID
CERT ACPKIX 1 8 AQID ¦ IACPKIX 1 8 AQID ¦ URI 1 8 AQID ¦ OID 1 8 AQID ¦ 0x1 1 8 AQID ¦ 1f 1 8 AQID ¦ 01 01 08 AQID ¦ 65536 1 8 AQID
CERT URI 1 PRIVATEDNS AQID ¦ 1 1 0x8 AQID ¦ 1 1 8 AQ ID ¦ 1 1 8 ¦ 1 1 8 A Q I D ¦ "1" 1 8 AQID
SIG A 5 3 3600 20240101000000 20230101000000 1 a. AQID ¦ A RSASHA1 3 3600 20240101000000 20230101000000 1 a. AQID
SIG TYPE1 5 3 3600 20240101000000 20230101000000 1 a. AQID ¦ type1 5 3 3600 20240101000000 20230101000000 1 a. AQID
SIG 1 5 3 3600 20240101000000 20230101000000 1 a. AQID ¦ A 5 3 1h 20240101000000 20230101000000 1 a. AQID
SIG A 5 3 3600 22000101000000 20230101000000 1 a. AQID ¦ ANY 5 3 3600 20240101000000 20230101000000 1 a. AQID
SIG A 5 3 20240101000000 20230101000000 1 a. AQID ¦ A 5 20240101000000 20230101000000 1 a. AQID ¦ A 5 20240101000000 3600 20230101000000 1 a. AQID
SIG A 5 3 3600 19691231235959 20230101000000 1 a. AQID ¦ A 5 3 3600 20230401235960 20230101000000 1 a. AQID
RRSIG A 5 3 3600 20240101000000 20230101000000 1 a. AQID ¦ A RSASHA1 3 1h 20240101000000 20230101000000 1 a. AQID
RRSIG A RSASHA1 3 1H30M 20240101000000 20230101000000 1 a. AQID ¦ TYPE00001 5 3 3600 20240101000000 20230101000000 1 a. AQID
RRSIG TYPE65535 5 3 3600 20240101000000 20230101000000 1 a. AQID ¦ TYPE65536 5 3 3600 20240101000000 20230101000000 1 a. AQID
RRSIG 1 5 3 3600 20240101000000 20230101000000 1 a. AQID ¦ 65280 5 3 3600 20240101000000 20230101000000 1 a. AQID
RRSIG ANY 5 3 3600 20240101000000 20230101000000 1 a. AQID ¦ a 5 3 3600 1700000000 1600000000 1 a. AQID
RRSIG a 5 3 3600 4294967296 1600000000 1 a. AQID ¦ a 5 3 3600 0 1600000000 1 a. AQID ¦ a 5 3 3600 0 0 1 a. AQID
RRSIG A 5 3 3600 21060207062815 20230101000000 1 a. AQID ¦ A 5 3 3600 21060207062816 20230101000000 1 a. AQID
RRSIG A 5 3 3600 22000101000000 20230101000000 1 a. AQID ¦ A 5 3 3600 99991231235959 20230101000000 1 a. AQID
RRSIG A 5 3 3600 19691231235959 20230101000000 1 a. AQID ¦ A 5 3 3600 20240229000000 20230101000000 1 a. AQID
RRSIG A 5 3 3600 20230229000000 20230101000000 1 a. AQID ¦ A 5 3 3600 20230431000000 20230101000000 1 a. AQID
RRSIG A 5 3 3600 20230401240000 20230101000000 1 a. AQID ¦ A 5 3 3600 20230401236000 20230101000000 1 a. AQID
RRSIG A 5 3 3600 20230401235960 20230101000000 1 a. AQID ¦ A 5 3 3600 20230401235961 20230101000000 1 a. AQID
RRSIG A 5 3 3600 20230401 20230101000000 1 a. AQID ¦ A 5 3 3600 +170000000 20230101000000 1 a. AQID ¦ A 5 3 3600 1d 20230101000000 1 a. AQID
RRSIG A 5 256 3600 20240101000000 20230101000000 1 a. AQID ¦ A 5 003 03600 20240101000000 20230101000000 001 a. AQID
RRSIG A 5 3 3600 20240101000000 20230101000000 65536 a. AQID ¦ A 5 3 3600 20240101000000 20230101000000 1 a. AQ ID
RRSIG A 5 3 3600 20240101000000 20230101000000 1 a. ¦ A 0 3 3600 20240101000000 20230101000000 1 a. AQID
RRSIG A PRIVATEDNS 3 3600 20240101000000 20230101000000 1 a. AQID ¦ A 253 3 3600 20240101000000 20230101000000 1 a. AQID
RRSIG A 254 3 3600 20240101000000 20230101000000 1 a. AQID ¦ A 253 3 3600 20240101000000 20230101000000 1 a. AWEAAQ==
RRSIG A 254 3 3600 20240101000000 20230101000000 1 a. BgNVBAMB ¦ A 5 3 3600 19000101000000 20230101000000 1 a. AQID
RRSIG A 5 3 3600 00010101000000 20230101000000 1 a. AQID ¦ A 5 3 3600 19700101000000 20230101000000 1 a. AQID
RRSIG A 5 3 3600 19010101000000 20230101000000 1 a. AQID ¦ A 5 3 3600 2023a401235960 20230101000000 1 a. AQID
RRSIG A 5 3 3600 20230001000000 20230101000000 1 a. AQID ¦ A 5 3 3600 20230100000000 20230101000000 1 a. AQID
RRSIG 065 5 3 3600 20230101000000 20230101000000 1 a. AQID ¦ 65536 5 3 3600 20230101000000 20230101000000 1 a. AQID
RRSIG 0 5 3 3600 20230101000000 20230101000000 1 a. AQID ¦ 1a 5 3 3600 20230101000000 20230101000000 1 a. AQID
RRSIG TYPE0 5 3 3600 20230101000000 20230101000000 1 a. AQID
SOA a. b. 1 2 3 4 5 ¦ a. b. 1 1h 1H 1w2d3h4m5s 5S ¦ a. b. 1 30m1h 3 4 5 ¦ a. b. 1 1h1h 3 4 5 ¦ a. b. 1 h 3 4 5 ¦ a. b. 1 1y 3 4 5
SOA a. b. 1 0w0d 3 4 5 ¦ a. b. 1 1h 3 4 4294967295 ¦ a. b. 1 1h 3 4 4294967296 ¦ a. b. 1 1h 3 4 7102w ¦ a. b. 1 0002h 3 4 5
SOA a. b. 1 00000000000002h 3 4 5 ¦ a. b. 1h 2 3 4 5 ¦ a. b. 001 02 03 04 05 ¦ a. b. 0x1 2 3 4 5 ¦ a. b. -1 2 3 4 5 ¦ a. b. 1 -2 3 4 5
SOA a. b. 1 +2 3 4 5 ¦ a. b. 1 "2" 3 4 5 ¦ a. b. 1 1.5h 3 4 5 ¦ a. b. 4294967295 2 3 4 5 ¦ a. b. 4294967296 2 3 4 5 ¦ a. b. 1 2147483648 3 4 5
SOA a. b\.c.d. 1 2 3 4 5 ¦ a. b@c. 1 2 3 4 5
LOC 52 N 4 E 0 ¦ 52 N 4 E 0m ¦ 52 22 N 4 53 E 0m ¦ 52 22 23 N 4 53 32 E 0m ¦ 52 22 23. N 4 53 32 E 0m ¦ 52 22 23.1 N 4 53 32.12 E 0m
LOC 52 22 23.1234 N 4 53 32.12 E 0m ¦ 52 22 .5 N 4 53 32.12 E 0m ¦ 052 022 023.5 N 4 53 32.12 E 0m ¦ 0052 22 23.5 N 4 53 32.12 E 0m
LOC 52 22 023 N 4 53 32.12 E 0m ¦ 52 022 23 N 4 53 32.12 E 0m ¦ 90 N 180 E 0m ¦ 90 0 0.001 N 180 E 0m ¦ 90 1 N 180 E 0m
LOC 89 59 59.999 N 179 59 59.999 E 0m ¦ 52 59 60 N 4 E 0m ¦ -52 N 4 E 0m ¦ 52 S 4 W 0m ¦ 52N 4E 0m ¦ 52 N 4 E -100000m ¦ 52 N 4 E -100000.00m
LOC 52 N 4 E -100000.01m ¦ 52 N 4 E 42849672.95m ¦ 52 N 4 E 42849672.96m ¦ 52 N 4 E 1.5 ¦ 52 N 4 E 1. ¦ 52 N 4 E 1.m ¦ 52 N 4 E .5
LOC 52 N 4 E 1.234 ¦ 52 N 4 E 1.23m ¦ 52 N 4 E 001.20m ¦ 52 N 4 E 000000001m ¦ 52 N 4 E +1m ¦ 52 N 4 E 1km ¦ 52 N 4 E -1.5m ¦ 52 N 4 E -0.5m
LOC 52 N 4 E -.5m ¦ 52 N 4 E -0m ¦ 52 N 4 E m ¦ 52 N 4 E 0m 1m ¦ 52 N 4 E 0m 1 ¦ 52 N 4 E 0m 1m 2m ¦ 52 N 4 E 0m 1m 2m 3m
LOC 52 N 4 E 0m 1m 2m 3m 4m ¦ 52 N 4 E 0m 0m 0m 0m ¦ 52 N 4 E 0m 0.00m 0.01m 0.99m ¦ 52 N 4 E 0m 12m 123m 1234m
LOC 52 N 4 E 0m 90000000m 90000000m 90000000m ¦ 52 N 4 E 0m 90000000.00m ¦ 52 N 4 E 0m 90000000.01m ¦ 52 N 4 E 0m 90000001m
LOC 52 N 4 E 0m 99999999m ¦ 52 N 4 E 0m 99999999.99m ¦ 52 N 4 E 0m 100000000m ¦ 52 N 4 E 0m -1m ¦ 52 N 4 E 0m +1m ¦ 52 N 4 E 0m 1. 1
LOC 52 N 4 E 0m .5 ¦ 52 N 4 E 0m 0.5 ¦ 52 N 4 E 0m 1.55 ¦ 52 N 4 E 0m 1.555 ¦ 52 N 4 E 0m 010m 000010000m 010m ¦ 52 N 4 E 0m 0x10m
LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m ¦ 0 0 0.000 S 0 0 0.000 W 0.00m ¦ 42 21 28.764 N 71 00 51.617 W -44m 2000m ¦ "52" N 4 E 0
LOC 52 "N" 4 E 0 ¦ 52 60 N 4 E 0 ¦ 52 59 N 4 59 E 0 ¦ 52 22 . N 4 E 0 ¦ 52 22 "" N 4 E 0 ¦ 52 22 23.0 N 4 E . ¦ 52 22 23.0 N 4 E .m
LOC 52 22 23.0 N 4 E - ¦ 52 22 23.0 N 4 E -. ¦ 52 22 23.0 N 4 E + ¦ 52 22 23.0 N 4 E +.m ¦ 52 22 23.0 N 4 E +-1 ¦ 52 22 23.0 N 4 E 0 .
LOC 52 22 23.0 N 4 E 0 m ¦ 52 22 +23.0 N 4 E 0 ¦ +52 N 4 E 0 ¦ 52 +2 N 4 E 0 ¦ 52 22 023.50 N 4 E 0 ¦ 52 22 00023.5 N 4 E 0
LOC 52 00000022 00023.5 N 4 E 0 ¦ 52 22 23.5000 N 4 E 0 ¦ 52 22 23.500 N 4 E 0.000 ¦ 52 22 23.500 N 4 E 0 90000000.00
LOC 52 22 23.500 N 4 E 0 90000000.01 ¦ 52 22 23.500 N 4 E 0 9999999 ¦ 180 N 4 E 0 ¦ 52 N 181 E 0 ¦ 52 N 180 59 E 0
APL 1:192.0.2.0/24 ¦ !1:192.0.2.0/24 ¦ 1:192.0.2.0/24 !2:2001:db8::/32 ¦ 1:192.0.2.1/24 ¦ 1:0.0.0.0/0 ¦ 2:::/0 ¦ 01:192.0.2.0/24 ¦ 1:192.0.2.0/024
APL 1:192.0.2.0/ ¦ 1:192.0.2.0 ¦ 1:192.0.2.0/+24 ¦ 1:192.0.2.0/33 ¦ 1:192.0.2/24 ¦ 1:10/8 ¦ 1:10./8 ¦ 3:1/8 ¦ 0:1/8 ¦ 1:!192.0.2.0/24
APL !!1:192.0.2.0/24 ¦ ! 1:192.0.2.0/24 ¦ 2:::ffff:1.2.3.4/128 ¦ "1:192.0.2.0/24" ¦ 2:2001:DB8::/129 ¦ 2:fe80::1%1/64 ¦ \# 0
NSEC a. A ¦ a. A MX TYPE1234 ¦ a. TYPE1 TYPE00015 ¦ a. type65535 ¦ a. TYPE65536 ¦ a. TYPE0 ¦ a. A A A ¦ a. RRSIG A ¦ a. ¦ a. ANY ¦ a. AXFR
NSEC a. OPT ¦ a. 1 ¦ a. 1 2 3 ¦ a. "A" ¦ a. TYPE ¦ a. TYPE1a ¦ a. TYPE-1 ¦ a. TYPE0x1 ¦ a. TYPE000000000001 ¦ a. CLASS1 ¦ a. NULL ¦ a. RESERVED0
NSEC a. TSIG TKEY MAILA MAILB IXFR ¦ a. TYPE65533 ¦ a. DOA AMTRELAY AVC
NSEC3 1 0 0 - 2vptu5timamqttgl4luu9kg21e0aor3s ¦ 1 0 0 - 2vptu5timamqttgl4luu9kg21e0aor3s A TYPE1234
NSEC3 1 0 0 - 2vptu5timamqttgl4luu9kg21e0aor3s A 1 ¦ 01 00 00 00 2vptu5timamqttgl4luu9kg21e0aor3s A
NSEC3 SHA1 0 0 - 2vptu5timamqttgl4luu9kg21e0aor3s A ¦ SHA-1 0 0 - 2vptu5timamqttgl4luu9kg21e0aor3s A
NSEC3 sha-1 optout 0 - 2vptu5timamqttgl4luu9kg21e0aor3s A ¦ 1 OPTOUT 0 - 2vptu5timamqttgl4luu9kg21e0aor3s A
NSEC3 0x1 0 0 - 2vptu5timamqttgl4luu9kg21e0aor3s A ¦ 2 0 0 - 2vptu5timamqttgl4luu9kg21e0aor3s A ¦ 2 0 0 - 2vptu5ti A ¦ 1 0 0 - 2vptu5ti A
NSEC3 1 0 0 -- 2vptu5timamqttgl4luu9kg21e0aor3s A ¦ 1 0 0 AABB 2VPTU5timamqttgl4luu9kg21e0aor3s A ¦ 1 0 0 aab 2vptu5timamqttgl4luu9kg21e0aor3s A
NSEC3 1 0 0 aa-bb 2vptu5timamqttgl4luu9kg21e0aor3s A ¦ 1 0 0 "" 2vptu5timamqttgl4luu9kg21e0aor3s A
NSEC3 1 0 0 - 2vptu5timamqttgl4luu9kg21e0aor3s==== A ¦ 1 0 0 - 2vptu5timamqttgl4luu9kg21e0aor A ¦ 1 0 0 - 2vptu5timamqttgl 4luu9kg21e0aor3s A
NSEC3 sha-1 0 0 - 2vptu5timamqttgl4luu9kg21e0aor3s A ¦ sha1 0 0 - 2vptu5timamqttgl4luu9kg21e0aor3s A
NSEC3 256 0 0 - 2vptu5timamqttgl4luu9kg21e0aor3s A ¦ 1 0 0 -2 2vptu5timamqttgl4luu9kg21e0aor3s A
NSEC3PARAM 1 0 0 - ¦ 1 0 0 00 ¦ SHA-1 0 0 - ¦ 1 0 0 - - ¦ 1 0 0 aa bb ¦ 1 0 0 ¦ 1 OPTOUT 10 -
NXT a. A ¦ a. 1 ¦ a. TYPE1 ¦ a. 127 ¦ a. 128 ¦ a. TYPE127 ¦ a. TYPE0 ¦ a. 0 ¦ a. 0 1 ¦ a. ¦ a. ANY ¦ a. A 15 ¦ a. SIG NXT KEY ¦ a. 0001
CSYNC 66 3 A NS ¦ 66 3 ¦ 66 0x3 A ¦ 066 03 A ¦ 66 3 TYPE1 ¦ 66 3 1 ¦ 66 immediate A
IPSECKEY 10 0 0 . AQID ¦ 10 0 2 . AQID ¦ 10 0 2 0 AQID ¦ 10 0 2 a. AQID ¦ 10 0 2 . ¦ 10 1 0 192.0.2.1 AQID ¦ 10 1 2 192.0.2.1 AQID
IPSECKEY 10 1 2 192.0.2.1 AQ ID ¦ 10 1 2 192.0.2.1 A Q I D ¦ 10 1 2 192.0.2.1 ¦ 10 2 2 2001:db8::1 AQID ¦ 10 2 2 ::1.2.3.4 AQID
IPSECKEY 10 2 0 2001:db8::1 AQID ¦ 10 3 0 a. AQID ¦ 10 3 2 a. AQID ¦ 10 3 2 . AQID ¦ 010 03 002 a. AQID ¦ 256 3 2 a. AQID ¦ 10 4 2 a. AQID
IPSECKEY 10 3 RSA a. AQID ¦ 10 0 255 . AQID
AMTRELAY 10 0 0 . ¦ 10 0 0 ¦ 10 1 0 ¦ 10 0 0 a. ¦ 10 1 0 . ¦ 10 0 1 192.0.2.1 ¦ 10 1 1 192.0.2.1 ¦ 10 1 2 ::1 ¦ 10 1 3 a. ¦ 10 1 3 . ¦ 10 2 3 a.
AMTRELAY 10 1 4 a. ¦ 10 0 4 ¦ 10 0 4 . ¦ 10 0 4 AQID ¦ 10 0 4 abcd ¦ 10 0 127 abcd ¦ 10 0 127 ¦ 10 0 128 abcd ¦ 010 01 01 192.0.2.1
AMTRELAY 256 0 1 192.0.2.1 ¦ 10 0 1 192.0.2.1 a
HIP 2 200100107B1A74DF365639CC39F1D578 AwEAAbdx ¦ 02 200100107B1A74DF365639CC39F1D578 AwEAAbdx a. b. ¦ 2 200100107B1A74DF365639CC39F1D57 AwEAAbdx
HIP 2 - AwEAAbdx ¦ 2 20 AwEAAbdx . ¦ 2 20 AwEAAbd= a. ¦ 2 20 AwE AAb a. ¦ 2 20 - ¦ 2 20 AQ ¦ 2 20 AQ== a. a. ¦ 2 20 ¦ 2 "20" AQID ¦ 256 20 AQID
HIP RSA 20 AQID
NSAP 0x47.0005.80.005a00.0000.0001.e133.ffffff000161.00 ¦ 0X4700 ¦ 0x47..00 ¦ 0x.47. ¦ 0x4.7 ¦ 0x47 00 ¦ 47.00 ¦ 0x ¦ 0x. ¦ 0x470 ¦ "0x47"
NSAP 0x47+00
NSAP-PTR a.
EUI48 00-00-5e-00-53-2a ¦ 00-00-5E-00-53-2A ¦ 0-0-5e-0-53-2a ¦ 00:00:5e:00:53:2a ¦ 00005e00532a ¦ 00-00-5e-00-53-2 ¦ 0x0-00-5e-00-53-2a
EUI48 "00-00-5e-00-53-2a" ¦ 0-0-5e-0-53- ¦ -0-0-5e-0-53
EUI64 00-00-5e-ef-10-00-00-2a ¦ 0-0-5e-ef-10-0-0-2a ¦ 00-00-5E-EF-10-00-00-2A ¦ 00:00:5e:ef:10:00:00:2a ¦ 0-0-5e-ef-10-0-0-2
NID 10 0014:4fff:ff20:ee64 ¦ 10 14:4fff:ff20:ee64 ¦ 10 0:0:0:0 ¦ 10 ::1 ¦ 10 0014:4FFF:FF20:EE64 ¦ 10 00014:4fff:ff20:ee64 ¦ 10 14-4fff-ff20-ee64
NID 010 1:2:3:4
L64 10 2001:db8:1140:1000 ¦ 10 2001:db8:: ¦ 10 2001:db8:1140:1000::
L32 10 10.1.2.0 ¦ 010 10.1.2.0 ¦ 10 10.1.2
LP 10 a.
URI 10 1 "ftp://a" ¦ 10 1 ftp://a ¦ 10 1 "a\"b" ¦ 10 1 "a\032b" ¦ 10 1 "a b" ¦ 10 1 a b ¦ 10 1"ftp://a" ¦ 10 1 \a ¦ 10 1 a"b" ¦ 10 1 "a""b"
URI 0x10 1 "a" ¦ 010 01 "a" ¦ 10 1 ¦ 1 1"a" ¦ 1 1 "a"b
CAA 0 issue "ca.example" ¦ 0 issue ca.example ¦ 0 ISSUE ca.example ¦ 0 "issue" "ca.example" ¦ 0 issue "" ¦ 0 issue ";" ¦ 0 issue a\;b
CAA 0 issue"ca" ¦ 0 issue "a" "b" ¦ 0 issue "a""b" ¦ 0 issue a b ¦ 0x80 issue "a" ¦ 080 issue "a" ¦ 00000000000128 issue "a" ¦ 128 \105ssue "a"
CAA 128 i\115sue "a" ¦ 128 is_sue "a" ¦ 128 a1 "a" ¦ 128 "" "a" ¦ 128 issue ¦ 256 issue "a" ¦ 0 issue "a\010b" ¦ 0 issue "ö" ¦ critical issue "a"
CAA 0 issue a"b"
NAPTR 100 10 "u" "E2U+sip" "!^.*$!sip:a@b!i" . ¦ 100 10 u E2U+sip !^.*$!sip:a@b!i . ¦ 100 10 "" "" "" . ¦ 100 10 "" "" "" a.
NAPTR 100 10 "U" "SIP+D2U" "" _sip._udp.a. ¦ 100 10 "u""E2U""" . ¦ 100 10 "u""E2U"""."x" ¦ 100 10 u"E2U""" . ¦ 100 10 "u" "E2U" "/a/b/" .
NAPTR 100 10 "u" "E2U" "/a/b/ii" . ¦ 100 10 "u" "E2U" "/a/b/g" . ¦ 100 10 "u" "E2U" "/a//" . ¦ 100 10 "u" "E2U" "///" .
NAPTR 100 10 "u" "E2U" "//b/" . ¦ 100 10 "u" "E2U" "!(a)!\\1!" . ¦ 100 10 "u" "E2U" "!(a)(b)!\\2\\1!" . ¦ 100 10 "u" "E2U" "!a)!b!" .
NAPTR 100 10 "u" "E2U" "!a|b!c!" . ¦ 100 10 "u" "E2U" "!()!c!" . ¦ 100 10 "u" "E2U" "!a\\!b!c!" . ¦ 100 10 "u" "E2U" "!a!b\\!c!" .
NAPTR 100 10 "u" "E2U" "!a!b\\\\!" . ¦ 100 10 "u" "E2U" "1a1b1" . ¦ 100 10 "u" "E2U" "iaibi" . ¦ 100 10 "u" "E2U" "xaxbx" .
NAPTR 100 10 "u" "E2U" "\\a\\b\\" . ¦ 100 10 "u" "E2U" "!a!b" . ¦ 100 10 "u" "E2U" "!a!b!!" . ¦ 100 10 "u" "E2U" " a b " .
NAPTR 100 10 "u" "E2U" "\255a\255b\255" . ¦ 100 10 "u" "E2U" "!\255!b!" . ¦ 100 10 "us" "E2U" "" . ¦ 100 10 u E2U "" "." ¦ 0100 010 u E2U "" .
NAPTR 1 1 "u" "x" "!a!b!iii" . ¦ 1 1 "u" "x" "2a2b2" . ¦ 1 1 u"x""". ¦ 1 1 u"x""" .
SVCB 0 a. ¦ 1 . ¦ 1 a. alpn=h2 ¦ 1 a. alpn="h2" ¦ 1 a. alpn="h2,h3" ¦ 1 a. alpn=h2,h3 ¦ 1 a. ALPN=h2 ¦ 1 a. alpn="f\\\\oo\\,bar,h2"
SVCB 1 a. alpn=f\\\092oo\092,bar,h2 ¦ 1 a. alpn=a\,b ¦ 1 a. alpn=a\\,b ¦ 1 a. alpn="a\,b" ¦ 1 a. alpn=a\\\\b ¦ 1 a. alpn=a\\ ¦ 1 a. alpn=a\\\,b
SVCB 1 a. alpn=\104\050 ¦ 1 a. alpn="h2" alpn="h3" ¦ 1 a. alpn= ¦ 1 a. alpn="" ¦ 1 a. alpn ¦ 1 a. alpn=,h2 ¦ 1 a. alpn=h2, ¦ 1 a. alpn="h2,,h3"
SVCB 1 a. alpn="h 2" ¦ 1 a. alpn=h2 no-default-alpn ¦ 1 a. no-default-alpn alpn=h2 ¦ 1 a. alpn=h2 no-default-alpn=
SVCB 1 a. alpn=h2 no-default-alpn="" ¦ 1 a. no-default-alpn ¦ 1 a. port=53 ¦ 1 a. port="53" ¦ 1 a. port=053 ¦ 1 a. port=00000000053 ¦ 1 a. port=0
SVCB 1 a. port=65536 ¦ 1 a. port=+53 ¦ 1 a. port= ¦ 1 a. port=\053\051 ¦ 1 a. port=0x35 ¦ 1 a. ipv4hint=1.2.3.4 ¦ 1 a. ipv4hint="1.2.3.4,5.6.7.8"
SVCB 1 a. ipv4hint=1.2.3.4, ¦ 1 a. ipv4hint=,1.2.3.4 ¦ 1 a. ipv4hint="1.2.3.4, 5.6.7.8" ¦ 1 a. ipv4hint=1.2.3.4,1.2.3.4 ¦ 1 a. ipv4hint=
SVCB 1 a. ipv6hint=::1 ¦ 1 a. ipv6hint="::ffff:1.2.3.4" ¦ 1 a. ipv6hint=::1,::2 ¦ 1 a. ech=AQID ¦ 1 a. ech="AQID" ¦ 1 a. ech=AQ== ¦ 1 a. ech=AQ
SVCB 1 a. mandatory=alpn alpn=h2 ¦ 1 a. mandatory="alpn,port" alpn=h2 port=1 ¦ 1 a. mandatory=port,alpn alpn=h2 port=1
SVCB 1 a. mandatory=key1 alpn=h2 ¦ 1 a. mandatory=key01 alpn=h2 ¦ 1 a. mandatory=alpn,alpn alpn=h2 ¦ 1 a. mandatory= ¦ 1 a. mandatory
SVCB 1 a. mandatory=key0 ¦ 1 a. mandatory=mandatory ¦ 1 a. mandatory=key667 key667=a ¦ 1 a. key667 ¦ 1 a. key667= ¦ 1 a. key667="" ¦ 1 a. KEY667=a
SVCB 1 a. key0667=a ¦ 1 a. key667=a"b" ¦ 1 a. key667="a"key668=b ¦ 1 a. key667="a"b ¦ 1 a. key667=a=b ¦ 1 a. key667="a b" ¦ 1 a. key667=a\ b
SVCB 1 a. key667=\000\255 ¦ 1 a. key1=h2 ¦ 1 a. key1=\002h2 ¦ 1 a. key1="\002h2" ¦ 1 a. key1=\003h2 ¦ 1 a. key2 alpn=h2 ¦ 1 a. key3=\000\053
SVCB 1 a. key3=53 ¦ 1 a. key4=\001\002\003\004 ¦ 1 a. key4=1.2.3.4 ¦ 1 a. key6=\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\001
SVCB 1 a. key65534=a ¦ 1 a. key65536=a ¦ 1 a. key=a ¦ 1 a. "alpn=h2" ¦ 1 a. "alpn"=h2 ¦ 1 a. alpn =h2 ¦ 1 a. alpn= h2 ¦ 1 a. key667= a
SVCB 1 a. dohpath=/dns-query{?dns} ¦ 1 a. dohpath="/dns-query{?dns}" ¦ 1 a. dohpath=/q ¦ 1 a. dohpath=/{dns} ¦ 1 a. dohpath=/{?a,dns}
SVCB 1 a. dohpath=/{?dnsx} ¦ 1 a. dohpath=q{?dns} ¦ 1 a. dohpath="/q{?dns" ¦ 1 a. dohpath="/q{?dns}{a" ¦ 1 a. dohpath="/{?dns:3}"
SVCB 1 a. dohpath="/{?dns*}" ¦ 1 a. dohpath="/{+dns}" ¦ 1 a. dohpath="/\195\188{?dns}" ¦ 1 a. dohpath= ¦ 1 a. dohpath ¦ 0 a. alpn=h2 ¦ 0 a. port=1
SVCB 01 a. ¦ 1 a. ipv4hint=1\0462.3.4 ¦ 1 a. ipv4hint=1\.2.3.4 ¦ 1 a. ipv6hint=\058:1 ¦ 1 a. ech=\065QID ¦ 1 a. mandatory=\097lpn alpn=h2
SVCB 1 a. dohpath=\047dns-query{?dns} ¦ 1 a. key667=\104 ¦ 1 a. port="\053" ¦ 1 a. alpn="h2"port=53 ¦ 1 a. alpn=h2"port=53" ¦ 1 a. alpn=a"b"
SVCB 1 a. al"pn"=a ¦ 1 a. key667="a;b" ¦ 1 a. key667="a"key668="b" ¦ 1 a. key667="a""b" ¦ 1 a. =a ¦ 1 a. mandatory="alpn, port" alpn=h2 port=1
SVCB 1 a. no-default-alpn="" alpn=h2 ¦ 1 a. key667=a=b=c ¦ 1 a. key667="=" ¦ 1 a. key667== ¦ 1 a. key667=\ ¦ 1 a. key667=\"a
SVCB 1 a. dohpath="/q{?dns}}" ¦ 1 a. dohpath="/q{}{?dns}" ¦ 1 a. dohpath="/q{a,b}{?dns}" ¦ 1 a. dohpath="/q{ }{?dns}" ¦ 1 a. dohpath="/q{?dns,}"
SVCB 1 a. dohpath="/q{?dns=}" ¦ 1 a. dohpath="/q{?x,dns}" ¦ 1 a. dohpath="/q{xdns}" ¦ 1 a. dohpath="/q{dns-x}" ¦ 1 a. dohpath="/q {?dns}"
SVCB 1 a. dohpath="/q\"{?dns}" ¦ 1 a. dohpath="/q%zz{?dns}" ¦ 1 a. dohpath="//q{?dns}" ¦ 1 a. dohpath="/{?DNS}" ¦ 1 a. dohpath="/{.dns}"
SVCB 1 a. dohpath="/{#dns}" ¦ 1 a. dohpath="/{|dns}"
HTTPS 1 a. alpn=a\,b ¦ 1 .
DS 1 RSASHA1 SHA1 2bb183af5f22588179a53b0a98631fad1a292118 ¦ 1 RSASHA1 sha-1 2bb183af5f22588179a53b0a98631fad1a292118
DS 1 8 SHA256 2bb183af5f22588179a53b0a98631fad1a2921182bb183af5f22588179a53b0a
DS 1 8 GOST 2bb183af5f22588179a53b0a98631fad1a2921182bb183af5f22588179a53b0a ¦ 1 8 SHA384 2bb1
DS 1 8 SHA-384 2bb183af5f22588179a53b0a98631fad1a2921182bb183af5f22588179a53b0a2bb183af5f22588179a53b0a98631fad
DS 1 8 5 2bb183af5f22588179a53b0a98631fad1a2921182bb183af5f22588179a53b0a ¦ 1 8 7 2bb1 ¦ 1 8 0 2bb1
DS 1 0x8 1 2bb183af5f22588179a53b0a98631fad1a292118 ¦ 1 8 0x1 2bb183af5f22588179a53b0a98631fad1a292118
DS 1 8 01 2bb183af5f22588179a53b0a98631fad1a292118 ¦ 1 008 1 2bb183af5f22588179a53b0a98631fad1a292118
DS 1 8 1 2bb183af5f22588179a53b0a 98631fad1a292118 ¦ 1 8 1 2bb183af5f22588179a53b0a9 8631fad1a292118
DS 1 8 1 "2bb183af5f22588179a53b0a98631fad1a292118" ¦ 1 8 1 2BB183AF5F22588179A53B0A98631FAD1A292118
DS 1 256 1 2bb183af5f22588179a53b0a98631fad1a292118
SSHFP 1 1 2bb183af5f22588179a53b0a98631fad1a292118 ¦ RSA SHA1 2bb183af5f22588179a53b0a98631fad1a292118 ¦ 1 1 2bb1 ¦ 1 2 2bb1 ¦ 1 3 2bb1 ¦ 1 1
SSHFP 1 1 2bb183af5f22588179a53b0a 98631fad1a292118
TLSA 3 1 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971
TLSA DANE-EE SPKI SHA2-256 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971 ¦ 3 1 0 d2ab
TLSA 03 01 01 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971
ZONEMD 1 1 1 c680 ¦ 1 SIMPLE SHA384 c68090d90a7aed716bc459f9340e3d7c1370d4d24b7e2fc3a1ddc0b9a87153b9a9713b3c9ae5cc27777f98b8e730044c
ZONEMD 1 0 0 c68090d90a7aed716bc459f9 ¦ 1 1 3 c68090d90a7aed716bc459f9
ZONEMD 1 1 1 c68090d90a7aed716bc459f9340e3d7c1370d4d24b7e2fc3a1ddc0b9a871 53b9a9713b3c9ae5cc27777f98b8e730044c
OPENPGPKEY AQID ¦ A Q I D ¦ "AQID" ¦ AQ== AQ==
DHCID AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA= ¦ AQ ¦ AR==
EID e32c6f78163a9348 ¦ 0xe3 ¦ e3 2c ¦ E3 ¦ e
NIMLOC ab ¦ ab cd
ATMA 39.246f.00 ¦ 39246f00 ¦ +358400123456 ¦ + ¦ +3.5 ¦ 3.9 ¦ .39. ¦ 39..24 ¦ 0x39 ¦ 39 24 ¦ "39" ¦ +3..5 ¦ +.5 ¦ +5. ¦ 39. ¦ 3.9.2 ¦ .39
ATMA 3.9.24. ¦ +3.5.6 ¦ +0
A6 0 2001:db8::1 ¦ 64 ::1 a. ¦ 128 a. ¦ 128 :: a. ¦ 0 ::1 a. ¦ 064 ::1 a. ¦ 63 0:0:0:1:: a. ¦ 1 ::1 . ¦ 0 ::1.2.3.4
SINK 1 2 3 AQID ¦ 1 2 3 ¦ 1 2 3 A Q I D ¦ 256 2 3 ¦ 1 2 ¦ 1
TALINK a. b. ¦ . .
SPF "a" ¦ a"b"
RP a. b.
AFSDB 1 a. ¦ 0 a. ¦ 01 a.
RT 10 a.
PX 10 a. b.
KX 10 a.
SRV 0 0 0 a. ¦ 00 00 00 a. ¦ 0 0 http a. ¦ 0 0 65535 a.
MINFO a. b.
AVC a ¦ "a"b
DOA 0 1 2 "" - ¦ 0 1 2 "" AQID ¦ 0 1 2 "" A Q I D ¦ 0 1 2 a AQID ¦ 0 1 2 text/plain AQID ¦ 0 1 2 "" "" ¦ 0 1 2 "" ¦ 4294967295 4294967295 255 "" -
DOA 0 1 256 "" - ¦ 0 1 2 "" - - ¦ 0 1 2 "" -AQID
RESINFO a b ¦ a"b"
NINFO a"b"
WALLET a"b"
HHIT AQID
BRID AQID
DSYNC CDS NOTIFY 1 a. ¦ TYPE59 NOTIFY 1 a. ¦ CDS notify 1 a. ¦ CDS 1 1 a. ¦ 59 1 1 a. ¦ CDS 0 1 a. ¦ ANY 1 1 a. ¦ 0 1 1 a. ¦ 65536 1 1 a.
TA 1 RSASHA1 SHA1 2bb183af5f22588179a53b0a98631fad1a292118
DLV 1 RSASHA1 SHA1 2bb183af5f22588179a53b0a98631fad1a292118
NULL abcd ¦ \# 1 00
UINFO a
UID 1
GID 1
UNSPEC a
MD a.
MB a.
TYPE65280 \# 1 00 ¦ \# 01 00 ¦ \# 1 0 0 ¦ \# 1 ¦ \# 0 00 ¦ \# -
TYPE1 192.0.2.1
TYPE16 "a" ¦ a"b"
# Comments and parentheses belong to zone files, not to one record.
~A ( 192.0.2.1 ) ¦ 192.0.2.1 ; c
~NS a;b.
~TXT \# 2 (01 61) ¦ \# 2 0161 ;
~SVCB 1 a. key667=a;b
# RFC 2535 §7.1 joins whole names of flags. BIND takes the first name that begins with the text, so NOCONF for an empty text.
~KEY ZONE| 3 5 AQID ¦ ZONE||KSK 3 5 AQID ¦ |ZONE 3 5 AQID ¦ KSK|| 3 5 AQID ¦ Z 3 5 AQID
# We refuse what strtol and scanf let pass: signs, and characters after the last digit that counts.
~WKS 192.0.2.1 6 +25
~NXT a. +1
~LOC 52 22 23.0 N 4 E -+1 ¦ 52 22 23.0 N 4 E 0 +.5m
~EUI48 00-00-5e-00-53-002a ¦ 00-00-5e-00-53-2a-
~NID 10 1:2:3:4:
~KEY 256 3 0000000000005 AQID
~RRSIG a 5 3 3600 01700000000 1600000000 1 a. AQID
# We know IANA's names. BIND has other names for the same numbers, and a name for a type of its own.
~DNSKEY 256 3 DSA-NSEC3-SHA1 AQID ¦ 256 3 ECC-GOST AQID ¦ 256 3 RSASHA1-NSEC3-SHA1 AQID
~NSEC a. NXNAME ¦ a. KEYDATA
# Names are the same in either case, and services have the same number over every protocol.
~WKS 192.0.2.1 17 http ¦ 192.0.2.1 Tcp SMTP ¦ 192.0.2.1 iPv6 25 ¦ 192.0.2.1 tCP 25
~LOC 52 N 4 E 0M ¦ 52 n 4 e 0m
# RFC 1035 §5.1: an escape stands for its character in every character-string.
~X25 \051110
# RFC 4034 §3.2 allows both forms of a time, and RRSIG has the format of SIG (RFC 3755 §2).
~SIG A 5 3 3600 1700000000 20230101000000 1 a. AQID ¦ A 5 3 3600 20240101000000 1700000000 1 a. AQID
# We read all durations with one parser, which allows to leave out the last unit.
~SOA a. b. 1 1h30 3 4 5
# RFC 2874 §3.1: the suffix has no bits in the part of the prefix.
~A6 64 1:2:3:4:5:6:7:8 a. ¦ 64 2001:db8::1 a.
# A digest is as long as its algorithm makes it (RFC 9558 §4, RFC 9563 §4, RFC 6698 §2.1.3).
~DS 1 8 5 2bb1 ¦ 1 8 6 2bb1
~SMIMEA 3 1 1 d2ab
~TLSA 3 1 1 d2ab
# RFC 4025 §2.4: algorithm 0 is no key.
~IPSECKEY 10 0 0 . ¦ 10 1 0 192.0.2.1 ¦ 10 2 0 2001:db8::1 ¦ 10 3 0 a.
# RFC 3403 §4.1, RFC 3402 §3.2: flags are letters and digits; the delimiter is no digit from 1 to 9, and no i or I; the flag after the last delimiter may be i or I.
~NAPTR 100 10 "u!" "E2U" "" . ¦ 100 10 "ü" "E2U" "" . ¦ 100 10 "u" "E2U" "IaIbI" . ¦ 100 10 "u" "E2U" "!a!b!I" . ¦ 1 1 "u" "x" "!a!b!iIi" .
~NAPTR 100 10 "u" "E2U" "0a0b0" .
# BIND compiles the regular expression, and we do not look into it.
~NAPTR 100 10 "u" "E2U" "!(a!b!" . ¦ 100 10 "u" "E2U" "!*a!b!" . ¦ 100 10 "u" "E2U" "![a!b!" . ¦ 100 10 "u" "E2U" "!a!\\1!" .
~NAPTR 100 10 "u" "E2U" "!a**!b!" . ¦ 100 10 "u" "E2U" "!a{2!b!" . ¦ 100 10 "u" "E2U" "!a||b!c!" .
# RFC 9460: §2.1: the target is a name, which has no quotes; keys are in lower case, also in a list of keys. Appendix A.1: a backslash escapes only a comma or a backslash. §14.3.2: key65535 is no key.
~SVCB 1 "a." ¦ 1 a. mandatory=ALPN alpn=h2 ¦ 1 a. alpn=a\\b ¦ 1 a. key65535=a
# RFC 9848 §4: a list is not empty; RFC 4648 §3.3: base64 has no blanks inside.
~SVCB 1 a. ech ¦ 1 a. ech= ¦ 1 a. ech="AQ ID" ¦ 1 a. ech="AQID "
# RFC 9540 §4 is newer than this BIND.
~SVCB 1 a. ohttp
# RFC 7553 §4.4: the target has one octet at least.
~URI 10 1 ""
# International names are stored in their xn-- form.
~NS a\ö.
`;

export const forms: readonly Form[] = table
  .trim()
  .split('\n')
  .filter((line) => !line.startsWith('#'))
  .flatMap(readLine);

function readLine(line: string): Form[] {
  const [, mark, type = '', rest = ''] = /^(~?)(\S+) (.*)$/.exec(line) ?? [];
  const texts = rest.replaceAll('<TAB>', '\t').split(' ¦ ');
  return texts.map((text) => ({ type, text, ours: mark === '~' }));
}
