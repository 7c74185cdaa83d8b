// What every kind of stored key has. Each file beside adds its kind to StoredKinds; the views' handlers must have all of them.
// The etcd semantics below: store.ts.

/** What the keys of each kind identify, and what their values hold, by the kind's name. */
// biome-ignore lint/suspicious/noEmptyInterface: each kind's file adds its member
export interface StoredKinds {}

export type KindName = keyof StoredKinds;
export type Subject<Name extends KindName> = StoredKinds[Name]['subject'];
export type Value<Name extends KindName> = StoredKinds[Name]['value'];

/** One kind of key and of the values under it. */
export interface StoredKind<Name extends KindName> {
  readonly name: Name;
  /** Ends with the key's first `/`: it alone tells the kinds apart. */
  readonly prefix: string;
  /** Returns what the key identifies; undefined for a key that the key builder would not make. */
  parse(key: string): Subject<Name> | undefined;
  /** Decodes a value, and checks it against its key. Throws InvalidValue. */
  read(subject: Subject<Name>, text: string): Value<Name>;
}

interface Definition<Name extends KindName> {
  prefix: string;
  /** Builds the key. */
  key: (subject: Subject<Name>) => string;
  /** Reads the parts of a key after its prefix, separated by `/`. Need not refuse what the key builder would not make. */
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
