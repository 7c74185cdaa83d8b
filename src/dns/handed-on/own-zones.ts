// Lets the forwarder's thread ask the zones that are served here, since aliases in forwarded zones may lead to them.

import type { CachedQuestion } from '../../forward-cache/forward-cache-writer.ts';
import { questionFlag } from '../../forward-cache/layout.ts';
import { typeCode } from '../../model/rdata/record-types.ts';
import { none } from '../../table/layout.ts';
import { TableReader } from '../../table/reader.ts';
import { newClient } from '../respond/client.ts';
import { newResponseCounters } from '../respond/counters.ts';
import { maxUdpSize, optLength } from '../respond/edns.ts';
import { rcode } from '../wire/codes.ts';
import { headerField, headerLength, writeUint16 } from '../wire/header.ts';
import { LateResponder } from './late-responder.ts';

const questionFixed = 4;
/** The bit DO in the first octet of the OPT record's flags. */
const dnssecOkBit = 0x80;

export class OwnZones {
  readonly #reader: TableReader;
  readonly #respond: ReturnType<LateResponder['open']>;

  /** `reader` is this thread's cell among the table's readers. */
  constructor(table: SharedArrayBuffer, reader: number) {
    this.#reader = new TableReader(table, reader);
    // These questions come from no client, so they are not counted as queries: nobody reads these counters.
    this.#respond = new LateResponder({ table, reader, counters: newResponseCounters(), settings: {} }).open();
  }

  /** Returns the number of labels of the closest served zone at or above the name; −1 if there is none. */
  labelsOfZone(name: Uint8Array): number {
    const reader = this.#reader;
    const key = reader.newKey();
    if (key.read(name, 0, name.length) < 0) return -1;
    reader.enter();
    try {
      for (let from = 0; from <= key.labelCount; from = reader.zoneSuffix + 1) {
        const zone = reader.findZone(key, from);
        if (zone === none) return -1;
        if (!reader.isForwarder(zone)) return key.labelCount - reader.zoneSuffix;
      }
      return -1;
    } finally {
      reader.leave();
    }
  }

  /** Returns our response to the question; undefined if none of our zones has the name. */
  answer(question: CachedQuestion): Uint8Array | undefined {
    // The client uses TCP, so that the response is not truncated. The query has no RD, so it is not forwarded.
    const client = newClient('tcp');
    const query = { kind: 1, message: queryFor(question), client, port: 0 } as const;
    const response = this.#respond(query);
    const code = (response?.[headerField.moreFlags] as number) & 0x0f;
    return code === rcode.REFUSED ? undefined : response;
  }
}

function queryFor({ name, type, class: recordClass, flags }: CachedQuestion): Uint8Array {
  const end = headerLength + name.length + questionFixed;
  const query = new Uint8Array(end + optLength);
  query[headerField.questions + 1] = 1;
  query[headerField.additionals + 1] = 1;
  query.set(name, headerLength);
  writeUint16(query, end - 4, type);
  writeUint16(query, end - 2, recordClass);
  writeUint16(query, end + 1, typeCode.OPT);
  writeUint16(query, end + 3, maxUdpSize);
  if ((flags & questionFlag.dnssecOk) !== 0) query[end + 7] = dnssecOkBit;
  return query;
}
