// What an object of a cluster shall have here, as the readers of interop/kubernetes/ understand it. The decisions of
// this room take it.

import type { ErrorCode } from '../../errors.ts';
import type { Address, Family } from '../../model/address.ts';
import type { Port } from '../../model/allocation.ts';
import type { KubernetesObject } from '../../model/kubernetes-object.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Tags } from '../../model/pool.ts';
import type { Compare } from '../../store/store.ts';

/** The whole of what one object shall have. What it has beyond that is taken from it. */
export interface WantedObject {
  object: KubernetesObject;
  /** A successor of the same name has another one. */
  uid: string;
  /** RFC 3339. Of two objects that want one name, the older one has it. */
  createdAt: string;
  /** The labels of the object, which the selectors of pools are compared with. */
  labels: Tags;
  /** Absent: the object has no addresses from here. */
  addresses?: WantedAddresses;
  names: WantedName[];
  leader: LeaderProof;
}

export interface WantedAddresses {
  /** The name of the pool that the object names. */
  pool?: string;
  /** In the order of preference. */
  families: Family[];
  /** True: one of the families is enough. */
  prefer: boolean;
  /** The addresses that the object asks for by name. */
  requested: Address[];
  /** The addresses in the status of the object: those that it can keep are kept. */
  current: Address[];
  /** Objects with the same key share an address if their ports differ. */
  sharingKey?: string;
  ports: Port[];
}

export interface WantedName {
  name: Fqdn;
  /** Seconds; absent: the TTL of the zone. */
  ttl?: number;
  /** `addresses`: the name has the addresses that the object gets here. */
  to: 'addresses' | WantedRecords[];
  /** True: the records come from an annotation that names a target, for which a zone must grant `targets`. */
  isTarget?: true;
}

export interface WantedRecords {
  type: 'A' | 'AAAA' | 'CNAME' | 'SRV';
  /** In presentation form. */
  values: string[];
}

/** The compare that holds in the store as long as the leader of the cluster leads. */
export type LeaderProof = Compare;

/** What an object has after a decision, and what it lacks. */
export interface ObjectOutcome {
  addresses: Address[];
  names: Fqdn[];
  faults: ObjectFault[];
}

/** Why an object has no address, or not one of its names, or what is wrong in an annotation. */
export interface ObjectFault {
  what: 'address' | 'annotation' | Fqdn;
  code: ErrorCode;
  message: string;
}
