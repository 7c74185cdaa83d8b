// Who and what answers: `id.server`, `version.server` and their BIND names, TXT in class CH (RFC 4892). Refused, unless the operator wants it known.
// The records: chaos-names.ts.

import { typeCode } from '../../model/rdata/record-types.ts';
import type { NameKey } from '../../table/name-key.ts';
import { extendedError, rcode } from '../wire/codes.ts';
import { headerLength, writeUint16 } from '../wire/header.ts';
import type { ChaosName } from './chaos-names.ts';
import { type Exchange, finding, type Verdict, verdict } from './exchange.ts';
import { copy } from './write-rrset.ts';

export function answerChaos(exchange: Exchange): Verdict {
  const record = findRecord(exchange.question, exchange.chaos);
  if (record === undefined || (exchange.type !== typeCode.TXT && exchange.type !== typeCode.ANY)) {
    return exchange.end(rcode.REFUSED, extendedError.PROHIBITED);
  }
  exchange.finding = finding.done;
  if (exchange.at + 2 + record.length > exchange.limit) {
    exchange.truncated = true;
    return verdict.end;
  }
  writeUint16(exchange.response, exchange.at, 0xc000 | headerLength);
  copy(record, 0, exchange.response, exchange.at + 2, record.length);
  exchange.at += 2 + record.length;
  exchange.answers = 1;
  return verdict.end;
}

function findRecord(question: NameKey, chaos: readonly ChaosName[]): Uint8Array | undefined {
  for (let i = 0; i < chaos.length; i += 1) {
    const { name, record } = chaos[i] as ChaosName;
    if (question.suffixIs(0, name, 0, name.length)) return record;
  }
  return undefined;
}
