// Locks of imports: `imports/<zone>` → no value. The process that writes a pending generation of the zone holds the
// key, on a lease.

import type { Fqdn } from '../../model/name.ts';
import { decodeName, encodeName } from '../codec/encoded-name.ts';
import { storedKind } from './stored-kind.ts';

declare module './stored-kind.ts' {
  interface StoredKinds {
    import: { subject: { zone: Fqdn }; value: undefined };
  }
}

const prefix = 'imports/';

export function importKey(zone: Fqdn): string {
  return prefix + encodeName(zone);
}

export const importKind = storedKind('import', {
  prefix,
  key: ({ zone }) => importKey(zone),
  subjectOf: ([zone = '']) => ({ zone: decodeName(zone) }),
  read: () => undefined,
});
