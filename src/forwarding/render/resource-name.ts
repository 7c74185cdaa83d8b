// Names of cloud resources, made from names of zones.

import { createHash } from 'node:crypto';
import type { Fqdn } from '../../model/name.ts';

/**
 * Returns a name of lower-case letters, digits and hyphens that begins with `zonewright-` and ends with a letter or
 * digit. If the name does not show the zone exactly, it ends with a digest of 32 bits, so that two zones hardly ever
 * get the same name.
 */
export function resourceName(zone: Fqdn, maxLength: number): string {
  const plain = `zonewright-${zone.replaceAll('.', '-')}`;
  if (/^[a-z0-9.]+$/.test(zone) && plain.length <= maxLength) return plain;
  const digest = createHash('sha256').update(zone).digest('hex').slice(0, 8);
  const readable = plain.replaceAll(/[^a-z0-9]+/g, '-').slice(0, maxLength - digest.length - 1);
  return `${readable.replace(/-+$/, '')}-${digest}`;
}
