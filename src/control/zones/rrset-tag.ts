// The entity tag of an RRset is a hash of its contents. A revision would not do: all RRsets of a name share one key,
// and so one revision.

import { createHash } from 'node:crypto';
import type { Rrset } from '../../model/rrset.ts';

export function rrsetTag({ type, ttl, records }: Rrset): string {
  return `"${createHash('sha256')
    .update(JSON.stringify([type, ttl, records]))
    .digest('base64url')
    .slice(0, 16)}"`;
}
