// Serials: `serials/<zone>` → no value. The key's mod revision is the zone's serial, the same on every replica.
// Every transaction that changes the zone's answers puts this key.

import type { Fqdn } from '../../model/name.ts';
import { decodeName, encodeName } from '../codec/encoded-name.ts';
import { requireCanonicalName } from '../codec/value-checks.ts';
import { storedKind } from './stored-kind.ts';

declare module './stored-kind.ts' {
  interface StoredKinds {
    serial: { subject: { zone: Fqdn }; value: undefined };
  }
}

const prefix = 'serials/';

export function serialKey(zone: Fqdn): string {
  return prefix + encodeName(zone);
}

export const serialKind = storedKind('serial', {
  prefix,
  key: ({ zone }) => serialKey(zone),
  subjectOf: ([zone = '']) => ({ zone: decodeName(zone) }),
  read: ({ zone }) => {
    requireCanonicalName(zone);
    return undefined;
  },
});
