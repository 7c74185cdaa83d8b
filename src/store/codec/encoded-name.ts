// Domain names as parts of store keys. Characters that could be taken for separators are percent-encoded.

import { type Fqdn, labelsOf, root } from '../../model/name.ts';

const plain = /^[a-z0-9_*.-]*$/;

/** Returns the encoded name. Its labels keep their order. */
export function encodeName(name: Fqdn): string {
  return name === root || plain.test(name) ? name : labelsOf(name).map(encodeLabel).join('.');
}

/** Decodes a result of {@link encodeName}. Throws URIError for a bad percent-encoding. */
export function decodeName(text: string): Fqdn {
  return (text.includes('%') ? text.split('.').map(decodeURIComponent).join('.') : text) as Fqdn;
}

/**
 * Returns the encoded name with its labels reversed, so that the names below a name are together in key order:
 * `nginx.foowidgets.k8s` → `k8s.foowidgets.nginx`.
 */
export function encodeReversed(name: Fqdn): string {
  if (name !== last?.name) last = { name, encoded: newEncodeReversed(name) };
  return last.encoded;
}

/** The last result of {@link encodeReversed}: a write needs several keys of the same name. */
let last: { name: Fqdn; encoded: string } | undefined;

function newEncodeReversed(name: Fqdn): string {
  if (name === root) return root;
  if (plain.test(name)) return reversed(name);
  return labelsOf(name).reverse().map(encodeLabel).join('.');
}

/** Decodes a result of {@link encodeReversed}. Throws URIError for a bad percent-encoding. */
export function decodeReversed(text: string): Fqdn {
  if (text === root) return root;
  if (!text.includes('%')) return reversed(text) as Fqdn;
  return text
    .split('.')
    .reverse()
    .map((label) => (label.includes('%') ? decodeURIComponent(label) : label))
    .join('.') as Fqdn;
}

/** Reverses the labels of a name without special characters. Most names have none. */
function reversed(text: string): string {
  let end = text.length;
  let result = '';
  for (let dot = text.lastIndexOf('.', end - 1); dot >= 0 && end > 0; dot = text.lastIndexOf('.', end - 1)) {
    result += `${text.slice(dot + 1, end)}.`;
    end = dot;
  }
  return result + text.slice(0, end);
}

function encodeLabel(label: string): string {
  return plain.test(label)
    ? label
    : label.replace(/[^a-z0-9_*-]/g, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
