// Defines a kind of stored key. Each other file here adds its kind to StoredKinds, and tsc requires a view's handler
// for each. Reading and writing keys: store.ts.

/** The kinds by name: `subject` is the thing that a key identifies, `value` the type of its values. */
// biome-ignore lint/suspicious/noEmptyInterface: each kind's file adds its member
export interface StoredKinds {}

export type KindName = keyof StoredKinds;
export type Subject<Name extends KindName> = StoredKinds[Name]['subject'];
export type Value<Name extends KindName> = StoredKinds[Name]['value'];

/** One kind of key and of the values under it. */
export interface StoredKind<Name extends KindName> {
  readonly name: Name;
  /** The part of each key up to its first `/`. No other kind has the same prefix. */
  readonly prefix: string;
  /** Returns the thing that the key identifies; undefined for a key that the key builder never makes. */
  parse(key: string): Subject<Name> | undefined;
  /** Decodes a value, and checks it against its key. Throws InvalidValue. */
  read(subject: Subject<Name>, text: string): Value<Name>;
}

interface Definition<Name extends KindName> {
  prefix: string;
  /** Builds the key. */
  key: (subject: Subject<Name>) => string;
  /** Reads the parts of a key after its prefix, split at `/`. Need not refuse keys that the key builder never makes. */
  subjectOf: (parts: readonly string[]) => Subject<Name> | undefined;
  read: (subject: Subject<Name>, text: string) => Value<Name>;
}

export function storedKind<Name extends KindName>(name: Name, definition: Definition<Name>): StoredKind<Name> {
  const { prefix, key: keyOf, subjectOf, read } = definition;
  return {
    name,
    prefix,
    parse: (key) => {
      if (!key.startsWith(prefix)) return undefined;
      try {
        const subject = subjectOf(key.slice(prefix.length).split('/'));
        // Two keys must not identify the same thing: deleting one would remove what the other one holds.
        return subject === undefined || keyOf(subject) !== key ? undefined : subject;
      } catch (error) {
        if (error instanceof URIError) return undefined;
        throw error;
      }
    },
    read,
  };
}
