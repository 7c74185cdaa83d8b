// Answers queries in class CH, of type TXT or ANY, for `id.server`, `version.server` and their BIND names (RFC 4892),
// if the operator allows them. Refuses all other queries in class CH. The records: chaos-names.ts.

import { typeCode } from '../../model/rdata/record-types.ts';
import type { NameKey } from '../../table/name-key.ts';
import { extendedError, rcode } from '../wire/codes.ts';
import { headerLength, writeUint16 } from '../wire/header.ts';
import type { ChaosName } from './chaos-names.ts';
import { type Exchange, type Verdict, verdict } from './exchange.ts';

export function answerChaos(exchange: Exchange): Verdict {
  const { query, response } = exchange;
  const record = findRecord(query.name, exchange.chaos);
  if (record === undefined || (query.type !== typeCode.TXT && query.type !== typeCode.ANY)) {
    // While class CH is off, nobody may ask (RFC 8914 §4.19). Else there is no such record here (§4.21).
    const isOff = exchange.chaos.length === 0;
    return exchange.end(rcode.REFUSED, isOff ? extendedError.PROHIBITED : extendedError.NOT_AUTHORITATIVE);
  }
  if (!response.fits(2 + record.length)) return exchange.truncate();
  writeUint16(response.octets, response.at, 0xc000 | headerLength);
  response.at += 2;
  response.append(record, 0, record.length);
  response.answers = 1;
  return verdict.end;
}

function findRecord(name: NameKey, chaos: readonly ChaosName[]): Uint8Array | undefined {
  for (let i = 0; i < chaos.length; i += 1) {
    const candidate = chaos[i] as ChaosName;
    if (name.suffixIs(0, candidate.name, 0, candidate.name.length)) return candidate.record;
  }
  return undefined;
}
