// The query's OPT record (RFC 6891), which read-edns.ts reads, and the length of the response's OPT record, which
// add-opt.ts writes.

import { type CookieState, cookie, cookieLength } from './server-cookies.ts';

/** The size that every client accepts over UDP (RFC 1035 §2.3.4). */
export const minUdpSize = 512;
/**
 * The greatest message that we accept and send over UDP, in octets. Such a message fits into the minimum MTU of IPv6
 * (RFC 9715 §3.1).
 */
export const maxUdpSize = 1232;

/** Octets of an OPT record without options: root 1, type 2, class 2, TTL 4, length 2. */
export const optLength = 11;
/** The length of a padded response is a multiple of this number of octets (RFC 8467 §4.1). */
export const paddingBlock = 468;

/** Octets before an option's data: code 2, length 2. */
export const optionFixed = 4;

/** The query's OPT record. If the query has none, the fields have their defaults. */
export class Edns {
  /** True if the query has an OPT record, even a malformed one (RFC 6891 §7). */
  present = false;
  dnssecOk = false;
  /** The greatest message that the client accepts over UDP, in octets. */
  udpSize = minUdpSize;
  nsidAsked = false;
  paddingAsked = false;
  /** The offset of the data of the query's COOKIE option; 0 if there is none. */
  cookieAt = 0;
  cookieLength = 0;
  cookie: CookieState = cookie.none;

  begin(): void {
    this.present = false;
    this.dnssecOk = false;
    this.udpSize = minUdpSize;
    this.nsidAsked = false;
    this.paddingAsked = false;
    this.cookieAt = 0;
    this.cookieLength = 0;
    this.cookie = cookie.none;
  }

  /**
   * Returns the octets that the response's OPT record needs, without an extended error and padding. `ownNsid` is our
   * NSID.
   */
  optRoom(ownNsid: Uint8Array): number {
    if (!this.present) return 0;
    const nsid = this.nsidAsked ? optionFixed + ownNsid.length : 0;
    return optLength + nsid + (this.cookieAt === 0 ? 0 : optionFixed + cookieLength);
  }
}
