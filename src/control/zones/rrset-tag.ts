// The entity tag of an RRset: a hash of its contents. It cannot be a revision, because all RRsets of a name share one
// key, and so one revision.

import { createHash } from 'node:crypto';
import type { Rrset } from '../../model/rrset.ts';

export function rrsetTag({ type, ttl, records }: Rrset): string {
  return `"${createHash('sha256')
    .update(JSON.stringify([type, ttl, records]))
    .digest('base64url')
    .slice(0, 16)}"`;
}
