// The settings of responses that an operator may choose. Every answering thread gets a copy (structured clone). The
// command's flags: src/settings.ts.

import type { AddressRange } from '../../model/address-range.ts';

/** A feature whose field is undefined is off. */
export interface ResponseSettings {
  /** This replica's name, for clients that ask with NSID (RFC 5001). */
  readonly nsid?: string | undefined;
  readonly cookies?: CookieSettings | undefined;
  readonly chaos?: ChaosSettings | undefined;
  readonly rateLimit?: RateLimitSettings | undefined;
}

/** DNS cookies (RFC 7873, RFC 9018). */
export interface CookieSettings {
  /** True: over UDP, a query with a cookie that is not valid is answered BADCOOKIE (RFC 7873 §5.2.3). */
  readonly strict: boolean;
  /**
   * The secrets, 16 octets each. The first one makes cookies, all of them check cookies, so that a secret can be
   * replaced (RFC 9018 §5).
   */
  readonly secrets: readonly Uint8Array[];
}

/** The texts for `id.server` and `hostname.bind`, and for `version.server` and `version.bind` (RFC 4892). */
export interface ChaosSettings {
  readonly server: string;
  readonly version: string;
}

export interface RateLimitSettings {
  /** The number of responses of one class to one network over UDP in a second, and at once. */
  readonly perSecond: number;
  /** With N, every Nth response over the limit is sent empty with TC ("slip"). With 0, all of them are dropped. */
  readonly slip: number;
  /** Clients that are not limited, in addition to loopback addresses. */
  readonly allow: readonly AddressRange[];
}
