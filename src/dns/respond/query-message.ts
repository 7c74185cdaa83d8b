// The query of an exchange: its octets, and the fields of its header and question. Its OPT record: edns.ts.

import type { NameKey } from '../../table/name-key.ts';
import { flag, headerField, headerLength, moreFlag } from '../wire/header.ts';

/** `name`, `type` and `class` are valid only if `questionEnd` is not 0. */
export class QueryMessage {
  /** The caller's buffer. Only its first `length` octets belong to the query. */
  octets: Uint8Array = new Uint8Array(headerLength);
  length = 0;
  opcode = 0;

  declare readonly name: NameKey;
  type = 0;
  class = 0;
  /** The offset of the question's end; 0 if there is no complete question. */
  questionEnd = 0;

  /** The offset of the TSIG record; 0 if there is none. */
  tsigAt = 0;

  constructor(name: NameKey) {
    this.name = name;
  }

  /** The bit RD (RFC 1035 §4.1.1). */
  get recursionDesired(): boolean {
    return ((this.octets[headerField.flags] as number) & flag.RD) !== 0;
  }

  /** The bit CD (RFC 4035 §3.2.2). */
  get checkingDisabled(): boolean {
    return ((this.octets[headerField.moreFlags] as number) & moreFlag.CD) !== 0;
  }

  begin(octets: Uint8Array, length: number): void {
    this.octets = octets;
    this.length = length;
    this.opcode = 0;
    this.questionEnd = 0;
    this.tsigAt = 0;
  }
}
