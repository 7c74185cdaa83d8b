// Targets are host names in the rdata of records that were written. The additional section may have records of them:
// add-glue.ts.

import type { NameKey } from '../../table/name-key.ts';

/**
 * No message can name more hosts. The record of a target takes at least 16 octets, except of the few targets that are
 * suffixes of the question's name (14 octets).
 */
const maxReferralTargets = 4096;
/** Additional records of other responses are optional (RFC 1034 §4.3.2, step 6). */
const maxOptionalTargets = 128;

/** In `names`, instead of the octet where a name begins: the target is the name that was looked up (RFC 9460 §2.5). */
export const ownName = -1;

/** In `types`, `names` and `places`, the entries with an index below `count` are valid. */
export class Targets {
  /** The type of the record that names the target. */
  readonly types = new Uint16Array(maxReferralTargets);
  /**
   * The octet of the table at which the name begins, or `ownName`. Doubles: the table may have more than 2^32 octets.
   */
  readonly names = new Float64Array(maxReferralTargets);
  /** The offset in the response that a pointer to the name needs. */
  readonly places = new Uint16Array(maxReferralTargets);
  count = 0;
  /** The target that is being looked up. */
  declare readonly key: NameKey;
  #max = maxOptionalTargets;

  constructor(key: NameKey) {
    this.key = key;
  }

  begin(): void {
    this.count = 0;
    this.#max = maxOptionalTargets;
  }

  /** Remembers every target from now on: a referral needs the addresses of all its name servers. */
  rememberAll(): void {
    this.#max = maxReferralTargets;
  }

  remember(type: number, name: number, place: number): void {
    const { count } = this;
    if (count === this.#max) return;
    this.types[count] = type;
    this.names[count] = name;
    this.places[count] = place;
    this.count = count + 1;
  }

  /** Forgets the targets from index `count` on, because their records were removed. */
  rewind(count: number): void {
    this.count = count;
  }
}
