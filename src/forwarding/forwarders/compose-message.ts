// Writes a message from records of other messages. Rdata is copied octet by octet. Only names that the
// sender may have compressed are written anew, since their pointers would point elsewhere
// (test/forwarding/forwarders/compose-message.test.ts).

import { headerField, headerLength, readUint16, writeUint16 } from '../../dns/wire/header.ts';
import { maxMessage } from '../../dns/wire/max-message.ts';
import { maxPointer, skipName } from '../../dns/wire/names.ts';
import { expandName, maxName, namesEqual } from './expand-name.ts';
import { firstNameAt, rdataLayout } from './rdata-names.ts';
import { recordFixed, type WalkedMessage } from './walk-message.ts';

/** The most places that compression pointers may point at. More would hardly make messages shorter. */
const maxTargets = 64;

export class MessageComposer {
  /** The message, which ends at {@link at}. Its header has only the counts of the sections. */
  readonly octets = new Uint8Array(maxMessage);
  at = headerLength;
  /** The offset of the TTL of the last added record. */
  ttlAt = 0;
  /** The offsets of the labels at which a pointer may point. */
  readonly #targets = new Uint16Array(maxTargets);
  #targetCount = 0;
  readonly #name = new Uint8Array(maxName);
  readonly #other = new Uint8Array(maxName);

  /** Begins a message with the question. `name` is uncompressed. */
  begin(name: Uint8Array, type: number, recordClass: number): void {
    this.octets.fill(0, 0, headerLength);
    writeUint16(this.octets, headerField.questions, 1);
    this.at = headerLength;
    this.#targetCount = 0;
    this.#name.set(name);
    this.#writeName(name.length, true);
    writeUint16(this.octets, this.at, type);
    writeUint16(this.octets, this.at + 2, recordClass);
    this.at += 4;
  }

  /** Adds a record to section `which`. Sections must be written in their order. Returns false if it may not fit. */
  add(from: WalkedMessage, record: number, which: number): boolean {
    const start = this.at;
    const rdata = from.rdataAt(record);
    const end = from.ends[record] as number;
    // No rdata has more than two names.
    if (start + maxName + recordFixed + (end - rdata) + 2 * maxName > maxMessage) return false;
    this.#writeName(from.owner(record, this.#name), true);
    const fixed = from.fixed[record] as number;
    this.#copy(from.octets, fixed, fixed + recordFixed);
    const written = this.at;
    this.ttlAt = written - recordFixed + 4;
    this.#writeRdata(from, from.type(record), rdata, end);
    writeUint16(this.octets, written - 2, this.at - written);
    const count = headerField.answers + 2 * which;
    writeUint16(this.octets, count, readUint16(this.octets, count) + 1);
    return true;
  }

  #writeRdata(from: WalkedMessage, type: number, rdata: number, end: number): void {
    const layout = rdataLayout(type);
    if (layout === undefined) {
      this.#copy(from.octets, rdata, end);
      return;
    }
    let at = firstNameAt(layout, from.octets, rdata, end);
    this.#copy(from.octets, rdata, at);
    for (let i = 0; i < layout.names; i += 1) {
      const length = expandName(from.octets, at, from.length, this.#name);
      at = skipName(from.octets, at, end);
      this.#writeName(length, layout.compresses);
    }
    this.#copy(from.octets, at, end);
  }

  #copy(source: Uint8Array, from: number, to: number): void {
    this.octets.set(source.subarray(from, to), this.at);
    this.at += to - from;
  }

  /** Writes the first `length` octets of `#name`. */
  #writeName(length: number, compress: boolean): void {
    const name = this.#name;
    const first = this.at;
    for (let start = 0; start < length; start += 1 + (name[start] as number)) {
      if (name[start] === 0) break;
      const target = compress ? this.#find(name.subarray(start, length)) : -1;
      if (target >= 0) {
        this.octets.set(name.subarray(0, start), first);
        this.at = first + start;
        writeUint16(this.octets, this.at, 0xc000 | target);
        this.at += 2;
        this.#remember(first, this.at - 2);
        return;
      }
    }
    this.octets.set(name.subarray(0, length), first);
    this.at = first + length;
    this.#remember(first, this.at - 1);
  }

  /** Remembers where the labels between `start` and `end` begin. */
  #remember(start: number, end: number): void {
    for (let at = start; at < end && at <= maxPointer && this.#targetCount < maxTargets; ) {
      this.#targets[this.#targetCount] = at;
      this.#targetCount += 1;
      at += 1 + (this.octets[at] as number);
    }
  }

  /** Returns the offset at which the name has been written, or −1. */
  #find(name: Uint8Array): number {
    for (let i = 0; i < this.#targetCount; i += 1) {
      const at = this.#targets[i] as number;
      const length = expandName(this.octets, at, this.octets.length, this.#other);
      if (namesEqual(this.#other, length, name, name.length)) return at;
    }
    return -1;
  }
}
