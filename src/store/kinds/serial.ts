// Serials: `serials/<zone>` → empty, except after a restore. The zone's serial is the revision that last put this key
// or the zone's key, so it is the same on every replica. Transactions that change the zone's records put this key.
// After a restore, the value is the serial that the zone had in the backup. It is the zone's serial until one of the
// keys is put again.

import { Type } from '../../model/json-schema.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Serial } from '../../model/revision.ts';
import { decodeName, encodeName } from '../codec/encoded-name.ts';
import { requireCanonicalName } from '../codec/value-checks.ts';
import { type FieldsOf, type ValueCodec, valueCodec } from '../codec/value-codec.ts';
import { storedKind } from './stored-kind.ts';

declare module './stored-kind.ts' {
  interface StoredKinds {
    serial: { subject: { zone: Fqdn }; value: RestoredSerial | undefined };
  }
}

interface RestoredSerial {
  serial: Serial;
}

const prefix = 'serials/';

export function serialKey(zone: Fqdn): string {
  return prefix + encodeName(zone);
}

export const serialValue: ValueCodec<RestoredSerial> = valueCodec({
  serial: Type.Unsafe<Serial>(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
} satisfies FieldsOf<RestoredSerial>);

export const serialKind = storedKind('serial', {
  prefix,
  key: ({ zone }) => serialKey(zone),
  subjectOf: ([zone = '']) => ({ zone: decodeName(zone) }),
  read: ({ zone }, text) => {
    requireCanonicalName(zone);
    return text === '' ? undefined : serialValue.decode(text);
  },
});
