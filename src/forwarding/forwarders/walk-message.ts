// Walks a whole message of another server before any part is used: every record must be complete, every name
// well-formed, and nothing may follow the last record. make-answer.ts decides what is done with the records.

import { headerField, headerLength, readUint16 } from '../../dns/wire/header.ts';
import { maxMessage } from '../../dns/wire/max-message.ts';
import { skipName } from '../../dns/wire/names.ts';
import { typeCode } from '../../model/rdata/record-types.ts';
import { expandName, maxName } from './expand-name.ts';
import { firstNameAt, rdataLayout } from './rdata-names.ts';

export const section = { answer: 0, authority: 1, additional: 2 } as const;

/** Octets of a record behind its owner: type 2, class 2, TTL 4, length 2. */
export const recordFixed = 10;
/** The most records of a message. The shortest record has the root as its owner, and no rdata. */
const maxRecords = Math.ceil(maxMessage / (1 + recordFixed));
/** A pointer to the question's name. */
const questionPointer = 0xc000 | headerLength;

/** A message that was walked. The object is used again for the next message, so that a walk makes no garbage. */
export class WalkedMessage {
  octets: Uint8Array = new Uint8Array(headerLength);
  length = 0;
  /** The end of the question, or of the header if there is no question. */
  questionEnd = 0;
  /** The number of records, in all sections. */
  count = 0;
  /** The index of the OPT record among all records; −1 if there is none. */
  opt = -1;
  readonly sections = new Uint8Array(maxRecords);
  readonly owners = new Uint16Array(maxRecords);
  /** The offset of each record's type, directly behind the owner. */
  readonly fixed = new Uint16Array(maxRecords);
  readonly ends = new Uint16Array(maxRecords);
  readonly #name = new Uint8Array(maxName);

  /** The code of the response, all 12 bits (RFC 6891 §6.1.3). */
  get rcode(): number {
    const low = (this.octets[headerField.moreFlags] as number) & 0x0f;
    return this.opt < 0 ? low : ((this.octets[this.ttlAt(this.opt)] as number) << 4) | low;
  }

  type(record: number): number {
    return readUint16(this.octets, this.fixed[record] as number);
  }

  ttlAt(record: number): number {
    return (this.fixed[record] as number) + 4;
  }

  rdataAt(record: number): number {
    return (this.fixed[record] as number) + recordFixed;
  }

  /** Returns whether the record's owner is a pointer to the question's name. */
  ownerIsQuestion(record: number): boolean {
    return readUint16(this.octets, this.owners[record] as number) === questionPointer;
  }

  /** Copies the record's owner to `target`, uncompressed. Returns its length. */
  owner(record: number, target: Uint8Array): number {
    return expandName(this.octets, this.owners[record] as number, this.length, target);
  }

  /**
   * Reads the first `length` octets. Returns false if the message is malformed
   * (test/forwarding/forwarders/walk-message.test.ts).
   */
  walk(octets: Uint8Array, length: number): boolean {
    this.octets = octets;
    this.length = length;
    this.count = 0;
    this.opt = -1;
    if (length < headerLength || length > maxMessage) return false;
    const questions = readUint16(octets, headerField.questions);
    if (questions > 1) return false;
    let at = headerLength;
    if (questions === 1) {
      // The question is the first name, so it cannot be compressed.
      const nameLength = expandName(octets, at, length, this.#name);
      if (nameLength < 0) return false;
      at += nameLength + 4;
      if (at > length) return false;
    }
    this.questionEnd = at;
    for (let which = section.answer as number; which <= section.additional; which += 1) {
      const records = readUint16(octets, headerField.answers + 2 * which);
      for (let i = 0; i < records; i += 1) {
        at = this.#walkRecord(at, which);
        if (at < 0) return false;
      }
    }
    return at === length;
  }

  /** Returns the offset after the record, or −1 if the record is malformed. */
  #walkRecord(owner: number, which: number): number {
    const { octets, length, count } = this;
    const fixed = skipName(octets, owner, length);
    const rdata = fixed + recordFixed;
    if (fixed < 0 || rdata > length) return -1;
    const isQuestion = fixed === owner + 2 && readUint16(octets, owner) === questionPointer;
    if (!(isQuestion && this.questionEnd > headerLength) && expandName(octets, owner, length, this.#name) < 0)
      return -1;
    const end = rdata + readUint16(octets, fixed + 8);
    const type = readUint16(octets, fixed);
    if (end > length || !this.#checkRdata(type, rdata, end)) return -1;
    if (type === typeCode.OPT) {
      // There may be one OPT record, at the root, in the additional section (RFC 6891 §6.1.1).
      if (this.opt >= 0 || which !== section.additional || fixed !== owner + 1) return -1;
      this.opt = count;
    }
    this.sections[count] = which;
    this.owners[count] = owner;
    this.fixed[count] = fixed;
    this.ends[count] = end;
    this.count += 1;
    return end;
  }

  #checkRdata(type: number, rdata: number, end: number): boolean {
    const layout = rdataLayout(type);
    if (layout === undefined) return true;
    let at = firstNameAt(layout, this.octets, rdata, end);
    if (at < 0) return false;
    for (let i = 0; i < layout.names; i += 1) {
      const next = skipName(this.octets, at, end);
      if (next < 0 || expandName(this.octets, at, this.length, this.#name) < 0) return false;
      at = next;
    }
    return layout.rest === undefined || at + layout.rest === end;
  }
}
