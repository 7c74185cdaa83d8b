// Domain names as parts of store keys. A character that could be taken for a separator is percent-encoded.

import { type Fqdn, labelsOf, root } from '../../model/name.ts';

const plain = /^[a-z0-9_*.-]*$/;

/** Returns the name with its labels in their order. */
export function encodeName(name: Fqdn): string {
  return name === root || plain.test(name) ? name : labelsOf(name).map(encodeLabel).join('.');
}

/** Reads what {@link encodeName} wrote. Throws URIError. */
export function decodeName(text: string): Fqdn {
  return (text.includes('%') ? text.split('.').map(decodeURIComponent).join('.') : text) as Fqdn;
}

/**
 * Returns the name with its labels reversed, so that key order keeps the names below a name together:
 * `nginx.foowidgets.k8s` → `k8s.foowidgets.nginx`.
 */
export function encodeReversed(name: Fqdn): string {
  if (name === root) return root;
  return labelsOf(name).reverse().map(encodeLabel).join('.');
}

/** Reads what {@link encodeReversed} wrote. Throws URIError. */
export function decodeReversed(text: string): Fqdn {
  if (text === root) return root;
  return text
    .split('.')
    .reverse()
    .map((label) => (label.includes('%') ? decodeURIComponent(label) : label))
    .join('.') as Fqdn;
}

function encodeLabel(label: string): string {
  return plain.test(label)
    ? label
    : label.replace(/[^a-z0-9_*-]/g, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
