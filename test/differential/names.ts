// Names of generated zones: absolute, with the last dot, and without escapes in labels. Does not use src/model/name.ts,
// because the differential test checks that too.

/** Returns the length of the name on the wire, in octets. */
export function wireLength(name: string): number {
  return name === '.' ? 1 : name.length + 1;
}

export function fits(name: string): boolean {
  return wireLength(name) <= 255;
}

export function isAtOrBelow(name: string, above: string): boolean {
  return name === above || isBelow(name, above);
}

export function isBelow(name: string, above: string): boolean {
  return name !== above && (above === '.' || name.endsWith(`.${above}`));
}

/** Returns the parent. The root's parent is the root. */
export function parent(name: string): string {
  const rest = name.slice(name.indexOf('.') + 1);
  return rest === '' ? '.' : rest;
}

export function child(label: string, name: string): string {
  return name === '.' ? `${label}.` : `${label}.${name}`;
}

/** Returns the name and its ancestors up to `top`, including both. */
export function upTo(name: string, top: string): string[] {
  const names = [name];
  for (let at = name; at !== top && at !== '.'; names.push(at)) at = parent(at);
  return names;
}

/** Returns the uncompressed wire form, with the case of letters kept. */
export function toWire(name: string): Buffer {
  const labels = name === '.' ? [''] : name.split('.');
  return Buffer.concat(labels.map((label) => Buffer.from(String.fromCharCode(label.length) + label, 'latin1')));
}
