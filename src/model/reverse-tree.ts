// The trees of reverse names (RFC 1035 §3.5, RFC 3596 §2.5).

import { type Fqdn, isWithin, parseName } from './name.ts';

const ipv4Tree = parseName('in-addr.arpa');
const ipv6Tree = parseName('ip6.arpa');

/** Returns whether the name is in one of the trees. Other names below `arpa`, such as `home.arpa`, are not reverse. */
export function isReverse(name: Fqdn): boolean {
  return isReverseOfIpv4(name) || isWithin(name, ipv6Tree);
}

export function isReverseOfIpv4(name: Fqdn): boolean {
  return isWithin(name, ipv4Tree);
}
