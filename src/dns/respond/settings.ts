// What an operator may choose about answers. Structured-cloneable: every answering thread gets the same. The flags: config.ts.

import type { AddressRange } from '../../model/address-range.ts';

/** What is left out is off. */
export interface ResponseSettings {
  /** What NSID tells (RFC 5001): this replica's name. */
  readonly nsid?: string;
  readonly cookies?: CookieSettings;
  readonly chaos?: ChaosSettings;
  readonly rateLimit?: RateLimitSettings | undefined;
}

/** RFC 7873, RFC 9018. */
export interface CookieSettings {
  /** A cookie over UDP must be a good one, or the answer is BADCOOKIE (RFC 7873 §5.2.3). */
  readonly strict: boolean;
  /** 16 octets each. The first makes cookies, all are taken: so that a secret can be replaced (RFC 9018 §5). */
  readonly secrets: readonly Uint8Array[];
}

/** What `id.server`, `hostname.bind` and `version.bind`, `version.server` say (RFC 4892). */
export interface ChaosSettings {
  readonly server: string;
  readonly version: string;
}

export interface RateLimitSettings {
  /** Responses of one class to one prefix: so many a second over UDP, and as many at once. */
  readonly perSecond: number;
  /** Every so manieth response over the limit is an empty one with TC, the others are not sent; 0: none is. */
  readonly slip: number;
  /** Whose answers are not limited, besides our own machine's. */
  readonly allow: readonly AddressRange[];
}
