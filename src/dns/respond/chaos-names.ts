// The names of class CH that identify this replica and its version, with their records in wire form.

import { typeCode } from '../../model/rdata/record-types.ts';
import { recordClass } from '../wire/codes.ts';
import { writeUint16, writeUint32 } from '../wire/header.ts';
import type { ChaosSettings } from './settings.ts';

const names: Readonly<Record<string, keyof ChaosSettings>> = {
  'id.server': 'server',
  'hostname.bind': 'server',
  'version.server': 'version',
  'version.bind': 'version',
};

/** A name in lower-cased wire form, and its record without the owner. */
export interface ChaosName {
  readonly name: Uint8Array;
  readonly record: Uint8Array;
}

export function chaosNames(settings: ChaosSettings): ChaosName[] {
  return Object.entries(names).map(([name, field]) => ({ name: wireName(name), record: txtRecord(settings[field]) }));
}

function wireName(name: string): Uint8Array {
  return Buffer.concat([
    ...name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
    Buffer.of(0),
  ]);
}

/** Returns a TXT record of one string, without its owner: type, class, TTL 0, length, rdata. */
function txtRecord(text: string): Uint8Array {
  const octets = Buffer.from(text).subarray(0, 255);
  const record = new Uint8Array(11 + octets.length);
  writeUint16(record, 0, typeCode.TXT);
  writeUint16(record, 2, recordClass.CH);
  writeUint32(record, 4, 0);
  writeUint16(record, 8, 1 + octets.length);
  record[10] = octets.length;
  record.set(octets, 11);
  return record;
}
