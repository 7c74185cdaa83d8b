// What the controller of a cluster needs of this service: to give an object what it wants, to take it back, and to know
// what objects have. The controller knows no views and no transactions.

import type { ObjectOutcome, WantedObject } from '../../control/kubernetes/wanted-object.ts';
import type { Address } from '../../model/address.ts';
import type { KubernetesObject } from '../../model/kubernetes-object.ts';

/** What an object has here. */
export interface KeptObject {
  object: KubernetesObject;
  addresses: readonly Address[];
  hasNames: boolean;
}

export interface ObjectKeeper {
  /** Gives an object what it wants, as far as possible. Resolves when this replica serves it. */
  put(wanted: Omit<WantedObject, 'leader'>): Promise<ObjectOutcome>;
  /** Takes everything back from an object. */
  delete(object: KubernetesObject): Promise<void>;
  get(object: KubernetesObject): KeptObject | undefined;
  /** Returns all objects of the cluster that have something here. */
  list(): Iterable<KeptObject>;
  /** Returns a text that changes when a pool or a zone changes: then every object is decided anew. */
  settings(): string;
  /** Calls the listener after each change here. Returns the function that ends this. */
  watch(listener: () => void): () => void;
}
