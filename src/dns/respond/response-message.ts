// The response of an exchange: its octets, where they end, where they must end, and the fields of the header.

import { extendedError, rcode } from '../wire/codes.ts';
import { copyOctets } from '../wire/copy-octets.ts';
import { headerField, headerLength, writeUint16 } from '../wire/header.ts';
import { minUdpSize } from './edns.ts';

/**
 * Between two steps, `at <= maxRecordsEnd <= maxEnd <= octets.length` holds: a step removes records that do not fit
 * with {@link rewind} (test/dns/respond/truncation.test.ts). Only OPT and TSIG, the last records, go beyond
 * `maxRecordsEnd`.
 */
export class ResponseMessage {
  octets: Uint8Array = new Uint8Array(headerLength);
  /** The offset of the next octet to write. */
  at = headerLength;
  /** Where the records must end. The octets up to `maxEnd` are kept for the OPT record. */
  maxRecordsEnd = 0;
  /** Where the message must end. */
  maxEnd = 0;

  authoritative = false;
  truncated = false;
  /**
   * RA, and the query's CD, if a part of the response comes from a forwarded zone. Else 0: without recursion there is
   * no RA, and only recursive servers copy CD (RFC 4035 §3.1.6, §3.2.2). AD is never set: we do not validate.
   */
  moreFlags = 0;
  rcode: number = rcode.NOERROR;
  /** The extended error: the reason in more detail (RFC 8914). */
  extendedError: number = extendedError.NONE;

  /** The number of records in each section. */
  answers = 0;
  authorities = 0;
  additionals = 0;

  begin(octets: Uint8Array): void {
    this.octets = octets;
    this.at = headerLength;
    this.maxRecordsEnd = minUdpSize;
    this.maxEnd = minUdpSize;
    this.authoritative = false;
    this.truncated = false;
    this.moreFlags = 0;
    this.rcode = rcode.NOERROR;
    this.extendedError = extendedError.NONE;
    this.answers = 0;
    this.authorities = 0;
    this.additionals = 0;
  }

  /** Sets the maximum length of the message, and how many of its octets are kept for the OPT record. */
  setEnds(maxLength: number, optRoom: number): void {
    this.maxEnd = Math.min(maxLength, this.octets.length);
    this.maxRecordsEnd = this.maxEnd - optRoom;
  }

  /** Returns whether another `length` octets of records fit. */
  fits(length: number): boolean {
    return this.at + length <= this.maxRecordsEnd;
  }

  /** Appends octets. The caller has checked that they fit, or checks afterwards. */
  append(source: Uint8Array, from: number, length: number): void {
    copyOctets(source, from, this.octets, this.at, length);
    this.at += length;
  }

  rewind(at: number): void {
    this.at = at;
  }

  clearRecords(questionEnd: number): void {
    this.rewind(questionEnd);
    this.answers = 0;
    this.authorities = 0;
    this.additionals = 0;
  }

  writeCounts(questions: number): void {
    const { octets } = this;
    writeUint16(octets, headerField.questions, questions);
    writeUint16(octets, headerField.answers, this.answers);
    writeUint16(octets, headerField.authorities, this.authorities);
    writeUint16(octets, headerField.additionals, this.additionals);
  }
}
