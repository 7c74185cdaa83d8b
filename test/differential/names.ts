// Names of generated zones: absolute, with the last dot, labels without escapes. Kept apart from src/model/name.ts, which is under test here.

/** How many octets it has on the wire. */
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

/** The root's parent is the root. */
export function parent(name: string): string {
  const rest = name.slice(name.indexOf('.') + 1);
  return rest === '' ? '.' : rest;
}

export function child(label: string, name: string): string {
  return name === '.' ? `${label}.` : `${label}.${name}`;
}

/** The name and all above it up to `top`, which is one of them. */
export function upTo(name: string, top: string): string[] {
  const names = [name];
  for (let at = name; at !== top && at !== '.'; names.push(at)) at = parent(at);
  return names;
}

/** Uncompressed wire form, letters as they are. */
export function toWire(name: string): Buffer {
  const labels = name === '.' ? [''] : name.split('.');
  return Buffer.concat(labels.map((label) => Buffer.from(String.fromCharCode(label.length) + label, 'latin1')));
}
