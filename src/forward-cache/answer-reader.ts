// Reads a block of a forwarded zone's answer, and copies it into a response. Makes no garbage
// (test/forward-cache/answer-reader.test.ts).

import { answerFlag, field, messageShift, noExtendedError, readLong, readShort } from './answer-block.ts';

export class AnswerReader {
  #octets: Uint8Array = new Uint8Array(field.message);
  #at = 0;

  /** The number of records in each section of the last copy. */
  answers = 0;
  authorities = 0;
  additionals = 0;
  /** True: the last copy has no records, because those that the client needs did not fit. */
  truncated = false;

  /** Opens the block that begins at `at` of `octets`. */
  open(octets: Uint8Array, at = 0): void {
    this.#octets = octets;
    this.#at = at;
  }

  get rcode(): number {
    return this.#octets[this.#at + field.rcode] as number;
  }

  /** The code of the extended error (RFC 8914); −1 if there is none. */
  get extendedError(): number {
    const code = readShort(this.#octets, this.#at + field.extendedError);
    return code === noExtendedError ? -1 : code;
  }

  /** True: the answer is only the beginning (`answerFlag.unfinished`). */
  get isUnfinished(): boolean {
    return ((this.#octets[this.#at + field.flags] as number) & answerFlag.unfinished) !== 0;
  }

  /** Returns whether the answer has not expired in this second. */
  isFresh(seconds: number): boolean {
    return seconds < readLong(this.#octets, this.#at + field.expires);
  }

  /**
   * Copies all records to `target`, behind its question. The question must be that of the answer, in any case of
   * letters. Lowers TTLs by the answer's age; `seconds` is the time now. If not all records fit before `maxEnd`, leaves
   * out the additional section, then the authority section (RFC 2181 §9). If the records that the client needs do not
   * fit, copies none, and sets `truncated`. Returns the end of the records.
   */
  copy(target: Uint8Array, maxEnd: number, seconds: number): number {
    const [at, octets] = [this.#at, this.#octets];
    const start = field.message - messageShift + readShort(octets, at + field.nameLength) + 4;
    const end = this.#chooseSections(maxEnd, start);
    const shift = at + messageShift;
    for (let i = start; i < end; i += 1) target[i] = octets[shift + i] as number;
    const isStale = ((octets[at + field.flags] as number) & answerFlag.stale) !== 0;
    const age = isStale ? 0 : Math.max(0, seconds - readLong(octets, at + field.stored));
    if (age === 0) return end;
    const ttls = shift + readShort(octets, at + field.end);
    const count = readShort(octets, at + field.ttls);
    for (let i = 0; i < count; i += 1) {
      const place = readShort(octets, ttls + 2 * i);
      if (place >= end) break;
      const ttl = Math.max(0, readLong(octets, shift + place) - age);
      target[place] = ttl >>> 24;
      target[place + 1] = ttl >>> 16;
      target[place + 2] = ttl >>> 8;
      target[place + 3] = ttl;
    }
    return end;
  }

  /** Sets the counts to those of the sections that fit. Returns where these sections end. */
  #chooseSections(maxEnd: number, start: number): number {
    const [at, octets] = [this.#at, this.#octets];
    const [end, authoritiesEnd] = [readShort(octets, at + field.end), readShort(octets, at + field.authoritiesEnd)];
    const answersEnd = readShort(octets, at + field.answersEnd);
    this.answers = readShort(octets, at + field.answers);
    this.authorities = readShort(octets, at + field.authorities);
    this.additionals = readShort(octets, at + field.additionals);
    this.truncated = false;
    if (end <= maxEnd) return end;
    this.additionals = 0;
    if (authoritiesEnd <= maxEnd) return authoritiesEnd;
    this.authorities = 0;
    if (answersEnd <= maxEnd && this.answers > 0) return answersEnd;
    this.answers = 0;
    this.truncated = true;
    return start;
  }
}
