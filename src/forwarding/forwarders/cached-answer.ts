// Describes cached answers for the API. The rdata is written as the model writes it: dns2 knows few record types.

import { headerLength, readUint16, readUint32 } from '../../dns/wire/header.ts';
import { skipName } from '../../dns/wire/names.ts';
import { answerFlag, field, noExtendedError } from '../../forward-cache/answer-block.ts';
import type { KeptAnswer } from '../../forward-cache/forward-cache-writer.ts';
import { questionFlag } from '../../forward-cache/layout.ts';
import { type Fqdn, nameFromWire } from '../../model/name.ts';
import { formatRdata } from '../../model/rdata/rdata.ts';
import { type RecordType, recordTypeName } from '../../model/rdata/record-types.ts';
import { expandName, maxName } from './expand-name.ts';
import { messageOf } from './kept-message.ts';
import { firstNameAt, rdataLayout } from './rdata-names.ts';
import { section, type WalkedMessage } from './walk-message.ts';

interface CachedRecord {
  readonly name: Fqdn;
  readonly type: RecordType;
  readonly ttl: number;
  /** The rdata in presentation form; in the generic form of RFC 3597 if the octets are not valid for the type. */
  readonly rdata: string;
}

export interface CachedAnswer {
  readonly name: Fqdn;
  readonly type: RecordType;
  readonly dnssecOk: boolean;
  readonly checkingDisabled: boolean;
  readonly rcode: number;
  /** The extended error (RFC 8914); undefined without one. */
  readonly extendedError: number | undefined;
  /** True: the answer has expired, and is given because no server answers. */
  readonly isStale: boolean;
  /** The seconds until the answer expires; 0 if it has expired. */
  readonly expiresIn: number;
  /** The records of the answer section, or of the authority section if the answer is negative. */
  readonly records: readonly CachedRecord[];
}

export function describeAnswer({ block, flags }: KeptAnswer, seconds: number): CachedAnswer {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const message = messageOf(block, seconds);
  const { name } = nameFromWire(message.octets, headerLength);
  const why = view.getUint16(field.extendedError);
  const which = view.getUint16(field.answers) > 0 ? section.answer : section.authority;
  const records: CachedRecord[] = [];
  for (let record = 0; record < message.count; record += 1) {
    if (message.sections[record] === which) records.push(describeRecord(message, record));
  }
  return {
    name,
    type: recordTypeName(readUint16(message.octets, message.questionEnd - 4)),
    dnssecOk: (flags & questionFlag.dnssecOk) !== 0,
    checkingDisabled: (flags & questionFlag.checkingDisabled) !== 0,
    rcode: view.getUint8(field.rcode),
    extendedError: why === noExtendedError ? undefined : why,
    isStale: (view.getUint8(field.flags) & answerFlag.stale) !== 0,
    expiresIn: Math.max(0, view.getUint32(field.expires) - seconds),
    records,
  };
}

function describeRecord(message: WalkedMessage, record: number): CachedRecord {
  const owner = new Uint8Array(maxName);
  message.owner(record, owner);
  const type = recordTypeName(message.type(record));
  const rdata = expandRdata(message, record);
  const ttl = readUint32(message.octets, message.ttlAt(record));
  return { name: nameFromWire(owner).name, type, ttl, rdata: textOf(type, rdata) };
}

/** Returns a copy of the rdata, without compression. */
function expandRdata(message: WalkedMessage, record: number): Uint8Array {
  const { octets } = message;
  const [rdata, end] = [message.rdataAt(record), message.ends[record] as number];
  const layout = rdataLayout(message.type(record));
  if (layout === undefined) return octets.slice(rdata, end);
  let at = firstNameAt(layout, octets, rdata, end);
  const parts = [octets.slice(rdata, at)];
  for (let i = 0; i < layout.names; i += 1) {
    const name = new Uint8Array(maxName);
    parts.push(name.subarray(0, expandName(octets, at, message.length, name)));
    at = skipName(octets, at, end);
  }
  parts.push(octets.slice(at, end));
  return Buffer.concat(parts);
}

/** Returns the rdata as text. Servers may send rdata that is not valid for its type. */
function textOf(type: RecordType, rdata: Uint8Array): string {
  try {
    return formatRdata(type, rdata);
  } catch {
    return `\\# ${rdata.length} ${Buffer.from(rdata).toString('hex')}`.trimEnd();
  }
}
