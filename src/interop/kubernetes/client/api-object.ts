// The objects of an API server as they arrive: the metadata are checked, everything else is as the server sent it.

/** A kind of object: its group ('' is the core group), version and plural name in URLs. */
export interface Resource {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
}

export const services: Resource = { group: '', version: 'v1', plural: 'services' };
export const events: Resource = { group: 'events.k8s.io', version: 'v1', plural: 'events' };

/** The name of an object, and its UID: a successor of the same name has another one. */
export interface ObjectIdentity {
  /** Empty for an object without a namespace. */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** An object. An item of a list has neither apiVersion nor kind. */
export interface ApiObject {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    /** Missing for an object without a namespace. */
    readonly namespace?: string;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly finalizers?: readonly string[];
  };
  readonly [field: string]: unknown;
}

export function isApiObject(value: unknown): value is ApiObject {
  const metadata = (value as Partial<ApiObject> | null)?.metadata;
  return [metadata?.name, metadata?.uid, metadata?.resourceVersion].every((one) => typeof one === 'string');
}

export function identityOf({ metadata: { namespace = '', name, uid } }: ApiObject): ObjectIdentity {
  return { namespace, name, uid };
}

/** Returns the path of a resource, of one of its objects, or of a part of an object. */
export function pathOf(
  { group, version, plural }: Resource,
  { namespace, name, part }: { namespace?: string; name?: string; part?: string } = {},
): string {
  const base = group === '' ? ['api', version] : ['apis', group, version];
  const inside = namespace ? ['namespaces', namespace] : [];
  const own = [name, part].filter((one) => one !== undefined);
  return [...base, ...inside, plural, ...own].map((one) => `/${encodeURIComponent(one)}`).join('');
}
