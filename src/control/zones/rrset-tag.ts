// An RRset's entity tag: a hash of what it says, since several RRsets share the revision of their name.

import { createHash } from 'node:crypto';
import type { Rrset } from '../../model/rrset.ts';

export function rrsetTag({ type, ttl, records }: Rrset): string {
  return `"${createHash('sha256')
    .update(JSON.stringify([type, ttl, records]))
    .digest('base64url')
    .slice(0, 16)}"`;
}
