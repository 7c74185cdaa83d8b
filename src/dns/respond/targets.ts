// Targets: the host names in the rdata of written records. add-glue.ts adds records of these hosts to the additional
// section.

import type { NameKey } from '../../table/name-key.ts';

/**
 * The most targets of a referral. No message names more hosts: the record of a target takes at least 16 octets (14 for
 * the few targets that are suffixes of the question's name).
 */
const maxReferralTargets = 4096;
/** The most targets of other responses, whose additional records are optional (RFC 1034 §4.3.2, step 6). */
const maxOptionalTargets = 128;

/** In `names`, in place of an octet: the target is the name that was looked up (RFC 9460 §2.5). */
export const ownName = -1;

/** The targets of one response. Entries of `types`, `names` and `places` are valid below the index `count`. */
export class Targets {
  /** The type of the record that names the target. */
  readonly types = new Uint16Array(maxReferralTargets);
  /**
   * The octet of the table at which the name begins, or `ownName`. A double, since a table may have more than 2^32
   * octets.
   */
  readonly names = new Float64Array(maxReferralTargets);
  /** The offset in the response at which a pointer finds the name. */
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

  /** Remembers all targets from now on: a referral needs the addresses of all its name servers. */
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
