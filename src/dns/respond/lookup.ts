// The name that is being looked up, and the finding for it. Aliases change the name during an exchange.

import { none, type Reference, type ZoneId } from '../../table/layout.ts';
import type { NameKey } from '../../table/name-key.ts';
import { copyOctets } from '../wire/copy-octets.ts';
import { headerLength } from '../wire/header.ts';
import { nameLength } from '../wire/names.ts';
import { NamePlace } from './name-place.ts';

/** The finding for the name (RFC 1034 §4.3.2, step 3). */
export const finding = {
  /** The name exists, or a wildcard stands in for it. `data` is its data. */
  name: 0,
  /** The name exists, but has no RRset of the type (RFC 2308 §2.2). */
  noData: 1,
  /** The name does not exist (RFC 2308 §2.1). */
  noName: 2,
  /** The name is delegated. `data` holds the NS RRset, whose owner is suffix `foundSuffix`. */
  referral: 3,
  /** There is a DNAME above the name. `data` holds the DNAME, whose owner is suffix `foundSuffix`. */
  dname: 4,
  /** The zone has no such node, but the name is an address name (table/held-addresses.ts), or above address names. */
  address: 5,
  /** There is nothing to add: the answer section is complete, or aliases lead out of our zones. */
  done: 6,
} as const;

/** The most aliases that are followed in one response. */
const maxAliases = 16;
const maxNameLength = 255;

/**
 * `place` is always the place of `name` in the response. `zone`, `zoneSuffix` and `isChildZone` are valid after
 * findZone has found a zone. `finding` says which of `node`, `data` and `foundSuffix` are valid. Fields that are not
 * valid may have values of an earlier query.
 */
export class Lookup {
  /** The name from the question, or the name to which aliases led. */
  declare name: NameKey;
  readonly place = new NamePlace();
  zone: ZoneId = none as ZoneId;
  /** The number of the suffix of `name` that is the zone's name. */
  zoneSuffix = 0;
  /** True: `name` is itself the name of a zone of ours, but `zone` is its parent, which the query asks (DS). */
  isChildZone = false;

  finding: number = finding.done;
  node: Reference = none;
  data: Reference = none;
  foundSuffix = 0;
  /** True: the data of this name, or of an earlier one, came from a wildcard. */
  usedWildcard = false;

  /** The name that a DNAME makes. */
  readonly madeName = new Uint8Array(maxNameLength + 1);
  readonly #question: NameKey;
  readonly #aliasTarget: NameKey;
  /** The names from which aliases led away, one after the other. */
  readonly #visited = new Uint8Array((maxNameLength + 1) * maxAliases);
  #visitedLength = 0;
  #aliases = 0;

  /** `question` holds the name until an alias is followed; `aliasTarget` holds it afterwards. */
  constructor(question: NameKey, aliasTarget: NameKey) {
    this.#question = question;
    this.#aliasTarget = aliasTarget;
    this.name = question;
  }

  begin(): void {
    this.name = this.#question;
    this.place.setWhole(headerLength);
    this.finding = finding.done;
    this.usedWildcard = false;
    this.#visitedLength = 0;
    this.#aliases = 0;
  }

  /** Returns the offset in the response at which a pointer finds a suffix of the name. */
  suffixAt(suffix: number): number {
    return this.place.suffixAt(this.name, suffix);
  }

  /**
   * Sets the name to the one to which an alias leads. That name begins at `offset` of `octets`, and its place in the
   * response is `written`. Nothing has been looked up for it yet.
   */
  follow(octets: Uint8Array, offset: number, written: NamePlace): void {
    const { name } = this;
    copyOctets(name.bytes, 0, this.#visited, this.#visitedLength, name.length);
    this.#visitedLength += name.length;
    this.#aliases += 1;
    this.name = this.#aliasTarget;
    this.name.read(octets, offset, offset + maxNameLength + 1);
    this.place.copyFrom(written);
    this.finding = finding.done;
  }

  /** Returns whether the limit of aliases is reached (test/dns/respond/rfc1034-4.3.2.test.ts). */
  hasMaxAliases(): boolean {
    return this.#aliases === maxAliases;
  }

  /** Returns whether the aliases lead back to a name that was looked up before. */
  isLoop(): boolean {
    const visited = this.#visited;
    let at = 0;
    while (at < this.#visitedLength) {
      const length = nameLength(visited, at);
      if (this.name.suffixIs(0, visited, at, length)) return true;
      at += length;
    }
    return false;
  }
}
