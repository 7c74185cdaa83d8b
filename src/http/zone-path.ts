// A zone in the path of a URL. The root zone is `@` there: clients remove a segment `.` (RFC 3986 §5.2.4).

import { atField } from '../errors.ts';
import { type Fqdn, parseName, root } from '../model/name.ts';

/** Returns the path of a zone. */
export function zonePath(name: Fqdn): string {
  return `/v1/zones/${name === root ? '@' : encodeURIComponent(name)}`;
}

/** Returns the name of the zone in a segment of a path. */
export function zoneNameOf(segment: string): Fqdn {
  return segment === '@' ? root : atField(':zone', () => parseName(segment));
}
