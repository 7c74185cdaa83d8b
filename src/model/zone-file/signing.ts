// Finds the records that a signer added to a zone (RFC 4033 §3). An import leaves them out: the zone is served without
// signatures, because signatures of other contents are worse than none.

import { createHash } from 'node:crypto';
import { type Fqdn, nameToWire } from '../name.ts';
import { parseRdata } from '../rdata/rdata.ts';
import type { Findings } from './findings.ts';
import type { ZoneFileRecord } from './reader.ts';

/** The types that only a signer writes. `TYPE65534` is BIND's note about the progress of its signing. */
const anywhere: ReadonlySet<string> = new Set(['RRSIG', 'NSEC', 'NSEC3', 'NSEC3PARAM', 'TYPE65534']);
/** The types of the zone's own keys. At other names they may be data. */
const atApex: ReadonlySet<string> = new Set(['DNSKEY', 'CDS', 'CDNSKEY']);

/** The flag of a DNSKEY to which a DS at the parent refers (RFC 4034 §2.1.1). */
const secureEntryPoint = 1;
const sha256 = 2;
const maxKeysNamed = 4;

export class ZoneSigning {
  readonly #zone: Fqdn;
  readonly #types = new Set<string>();
  readonly #keys: { wire: Uint8Array; isEntryPoint: boolean }[] = [];
  /** The CDS records: the DS records that the zone wants at the parent. */
  readonly #wanted: string[] = [];
  /** The tags of the keys that made the signatures. */
  readonly #signers = new Set<string>();
  #line = 0;
  #digestLine = 0;

  constructor(zone: Fqdn) {
    this.#zone = zone;
  }

  /** Returns whether the record belongs to the signing of the zone, or is a ZONEMD. Notes such a record. */
  takes(record: ZoneFileRecord): boolean {
    const { owner, type, line } = record;
    if (type === 'ZONEMD') {
      this.#digestLine ||= line;
      return true;
    }
    if (!anywhere.has(type) && !(atApex.has(type) && owner === this.#zone)) return false;
    this.#line ||= line;
    this.#types.add(type);
    if (this.#keys.length < 100 && type === 'DNSKEY') this.#noteKey(record);
    if (this.#wanted.length < maxKeysNamed && type === 'CDS' && !record.record.startsWith('0 0 0 '))
      this.#wanted.push(record.record);
    if (this.#signers.size < maxKeysNamed && type === 'RRSIG') this.#signers.add(record.record.split(' ')[6] ?? '');
    return true;
  }

  #noteKey({ type, record }: ZoneFileRecord): void {
    const wire = parseRdata(type, record);
    this.#keys.push({ wire, isEntryPoint: ((wire[1] ?? 0) & secureEntryPoint) !== 0 });
  }

  /**
   * Adds a warning that names the left-out types, and says what to do. With `refuse`, adds a fault instead if the zone
   * was signed.
   */
  check(findings: Findings, refuse: boolean): void {
    if (this.#digestLine > 0)
      findings.warn(this.#digestLine, 'the ZONEMD is left out: its digest is that of the file (RFC 8976)', 'signing');
    if (this.#types.size === 0) return;
    const types = [...this.#types].join(', ');
    if (refuse) {
      findings.fault(this.#line, `the zone is signed (${types}), and would be served unsigned`, 'zone_signed');
      return;
    }
    const message = `the zone was signed and will be served unsigned: remove its DS records at the parent first (${this.#nameKeys()}), or validating resolvers reject every answer; left out: ${types}`;
    findings.warn(this.#line, message, 'signing');
  }

  /**
   * Returns a text with the DS records that the parent probably has. If the file has neither keys nor CDS records, the
   * text has the tags of the keys that made the signatures.
   */
  #nameKeys(): string {
    const points = this.#keys.filter(({ isEntryPoint }) => isEntryPoint);
    const digests = (points.length > 0 ? points : this.#keys).map(({ wire }) => this.#digestOf(wire));
    const others = this.#wanted.filter((one) => !digests.some((known) => known.toLowerCase() === one.toLowerCase()));
    const named = [...digests, ...others].slice(0, maxKeysNamed);
    if (named.length > 0) return named.map((one) => `DS ${one}`).join(', ');
    const signers = [...this.#signers].join(', ');
    return signers === '' ? 'the file does not name its keys' : `of keys ${signers}`;
  }

  /** Returns the DS with SHA-256 of a DNSKEY (RFC 4509 §2.1). */
  #digestOf(wire: Uint8Array): string {
    const digest = createHash('sha256').update(nameToWire(this.#zone)).update(wire).digest('hex');
    return `${keyTag(wire)} ${wire[3]} ${sha256} ${digest.toUpperCase()}`;
  }
}

/** Returns the key tag of a DNSKEY (RFC 4034 appendix B). */
function keyTag(wire: Uint8Array): number {
  let sum = 0;
  for (const [at, octet] of wire.entries()) sum += at % 2 === 0 ? octet << 8 : octet;
  return (sum + (sum >>> 16)) & 0xffff;
}
