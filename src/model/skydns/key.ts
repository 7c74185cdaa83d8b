// Keys of the SkyDNS layout: the prefix, then the labels of a name in reverse order, each after a slash. If a name has
// several values, each of their keys ends in one more label: `targetstrip` in the value says that this label is not
// part of the name.

import { InvalidValue } from '../invalid-value.ts';
import { type Fqdn, labelsOf, parseName, root } from '../name.ts';

/** The default prefix of all keys. */
export const defaultSkydnsPrefix = '/skydns';

/** Labels below a zone's apex that the layout reserves in each zone: `apex.dns`, `ns.dns` and `stub.dns`. */
type LayoutPart = 'apex' | 'ns' | 'stub';

/** Returns the key of the name. Throws InvalidValue for a name that cannot have a key. */
export function skydnsKey(prefix: string, name: Fqdn): string {
  if (name === root) return prefix;
  const labels = labelsOf(name);
  if (name.includes('\\') || name.includes('/'))
    throw new InvalidValue(`${name} has a slash or an escaped character: a key of the SkyDNS layout cannot have it`);
  return `${prefix}/${labels.reverse().join('/')}`;
}

/**
 * Returns the name that is made of all labels of a key, also of those that `targetstrip` takes away. Throws
 * InvalidValue if the key is not below the prefix, or its labels make no name.
 */
export function skydnsName(prefix: string, key: string): Fqdn {
  const path = key.startsWith(`${prefix}/`) ? key.slice(prefix.length + 1) : '';
  if (path === '') throw new InvalidValue(`the key is not below ${prefix}/`);
  const labels = path.split('/').reverse();
  if (labels.some((label) => label === '' || label.includes('.') || label.includes('\\')))
    throw new InvalidValue('the key has a label that is empty, or has a dot or a backslash');
  return parseName(labels.join('.'));
}

/** Returns the prefix of the keys below a name. */
export function skydnsPrefixBelow(prefix: string, name: Fqdn): string {
  return `${skydnsKey(prefix, name)}/`;
}

/** Returns the name below which the layout keeps this part of the zone. */
export function layoutName(zone: Fqdn, part: LayoutPart): Fqdn {
  return parseName(zone === root ? `${part}.dns` : `${part}.dns.${zone}`);
}
