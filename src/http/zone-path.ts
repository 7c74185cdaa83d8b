// A zone in the path of a URL. The paths of resources: control/reading/resource-path.ts.

import { atField } from '../errors.ts';
import { type Fqdn, parseName, root } from '../model/name.ts';

/** Returns the name of the zone in a segment of a path. `@` is the root zone. */
export function zoneNameOf(segment: string): Fqdn {
  return segment === '@' ? root : atField(':zone', () => parseName(segment));
}
