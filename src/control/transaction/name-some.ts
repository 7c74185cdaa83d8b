// What a refusal says of a list that may be long.

/** How many of them it names. */
export const greatestNamed = 10;

export function nameSome(names: readonly string[]): string {
  const more = names.length - greatestNamed;
  return names.slice(0, greatestNamed).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
