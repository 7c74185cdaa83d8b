// Locks of imports: `imports/<zone>` → no value. The process that imports a zone file creates this key, on a lease, so
// that a zone has only one import at a time.

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

/** No view follows this kind. It is defined so that no other kind has the same keys (test/store/keys.test.ts). */
export const importKind = storedKind('import', {
  prefix,
  key: ({ zone }) => importKey(zone),
  subjectOf: ([zone = '']) => ({ zone: decodeName(zone) }),
  read: () => undefined,
});
