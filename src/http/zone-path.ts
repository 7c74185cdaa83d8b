// A zone in the path of a URL. The paths themselves: control/reading/resource-path.ts.

import { atField } from '../errors.ts';
import { type Fqdn, parseName, root } from '../model/name.ts';

/** Returns the name of the zone in a segment of a path. The root zone is `@` there. */
export function zoneNameOf(segment: string): Fqdn {
  return segment === '@' ? root : atField(':zone', () => parseName(segment));
}
