// Defines a kind of stored key. Every other file here adds its kind to StoredKinds; for each, tsc requires a handler in
// the views. Reading and writing keys: store.ts.

/** The kinds by name. `subject` is what a key identifies, `value` the type of its values. */
// biome-ignore lint/suspicious/noEmptyInterface: each kind's file adds its member
export interface StoredKinds {}

export type KindName = keyof StoredKinds;
export type Subject<Name extends KindName> = StoredKinds[Name]['subject'];
export type Value<Name extends KindName> = StoredKinds[Name]['value'];

/** One kind of key, and of the values under such keys. */
export interface StoredKind<Name extends KindName> {
  readonly name: Name;
  /** The part of each key up to and including its first `/`. No other kind has the same prefix. */
  readonly prefix: string;
  /** Returns what the key identifies; undefined if `key` could not have built this key. */
  parse(key: string): Subject<Name> | undefined;
  /** Decodes a value, and checks it against its key. Throws InvalidValue. */
  read(subject: Subject<Name>, text: string): Value<Name>;
}

interface Definition<Name extends KindName> {
  prefix: string;
  key: (subject: Subject<Name>) => string;
  /** Reads the parts of a key after its prefix, split at `/`. It need not refuse keys that `key` never builds. */
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
        // Two keys must not identify the same thing: deleting one would remove the value of the other.
        return subject === undefined || keyOf(subject) !== key ? undefined : subject;
      } catch (error) {
        if (error instanceof URIError) return undefined;
        throw error;
      }
    },
    read,
  };
}
