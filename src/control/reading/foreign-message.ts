// The message about records that others wrote into the SkyDNS layout. It says how to change or take over the records.

import type { Fqdn } from '../../model/name.ts';
import type { Rrset } from '../../model/rrset.ts';
import { zonePath } from './resource-path.ts';

export function foreignMessage(owner: Fqdn, { type }: Pick<Rrset, 'type'>, zone: Fqdn): string {
  const take = `POST ${zonePath(zone)}/adopt takes over those of the zone`;
  return `the ${type} records of ${owner} were written by others into the SkyDNS layout (skydns): change them there, or ${take}`;
}
