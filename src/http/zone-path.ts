// Where a zone stands in a path. The root zone is `@` there: clients take `.` for a step on the way and leave it out (RFC 3986 §5.2.4).

import { atField } from '../errors.ts';
import { type Fqdn, parseName, root } from '../model/name.ts';

export function zonePath(name: Fqdn): string {
  return `/v1/zones/${name === root ? '@' : encodeURIComponent(name)}`;
}

export function zoneNameOf(segment: string): Fqdn {
  return segment === '@' ? root : atField(':zone', () => parseName(segment));
}
