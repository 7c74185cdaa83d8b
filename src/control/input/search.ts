// Searches in lists: a part of a name.

/** Returns a function that returns whether a name has the text. Without a text, every name matches. */
export function parseSearch(text: string | undefined): (name: string) => boolean {
  if (text === undefined) return () => true;
  const part = text.toLowerCase();
  return (name) => name.includes(part);
}
