// How use cases treat the kinds of holders of an address, a row each. What distinguishes the kinds themselves:
// model/allocation.ts.

import type { Allocation, Holder, HolderKind, HolderOf } from '../../model/allocation.ts';
import { hostKey, hostKind } from '../../store/kinds/host.ts';
import { hostPath } from './resource-path.ts';

/** A resource that a holder is. It is changed and released there, and has events of its own. */
interface HolderResource<One extends Holder> {
  /** The prefix of the keys of such resources. */
  prefix: string;
  keyOf(holder: One): string;
  /** Returns how to change the holder, as a part of a message. */
  change(holder: One): string;
  /** Returns how to release its address, as a part of a message. */
  release(holder: One): string;
}

interface HolderRules<One extends Holder> {
  /** Undefined: the holder is a part of its address, and has no other resource. */
  resource: One extends Allocation ? undefined : HolderResource<One>;
  /**
   * How a holder leaves its address if a pool is deleted by force or renumbered: as a host, which is written with all
   * that it has, or at the address alone. A renumbering moves those alone only if it has `allocations`.
   */
  leaves: 'as a host' | 'alone';
  /** Returns the cells of an exported row that only some kinds have. */
  cellsOf(holder: One): { host?: string; id?: string };
}

const holderRules: { readonly [Kind in HolderKind]: HolderRules<HolderOf<Kind>> } = {
  host: {
    resource: {
      prefix: hostKind.prefix,
      keyOf: ({ host }) => hostKey(host),
      change: ({ host }) => `change the host (PATCH ${hostPath(host)})`,
      release: () => 'delete or re-address the host',
    },
    leaves: 'as a host',
    cellsOf: ({ host }) => ({ host }),
  },
  allocation: {
    resource: undefined,
    leaves: 'alone',
    cellsOf: ({ id }) => ({ id }),
  },
};

type AnyRules = Omit<HolderRules<Holder>, 'resource'> & { resource: HolderResource<Holder> | undefined };

/** Returns how use cases treat holders of this kind. */
export function rulesOf({ kind }: Holder): AnyRules {
  return holderRules[kind] as AnyRules;
}

/** Returns the resource that the holder is; undefined if it is a part of its address. */
export function resourceOf(holder: Exclude<Holder, Allocation>): HolderResource<Holder>;
export function resourceOf(holder: Holder): HolderResource<Holder> | undefined;
export function resourceOf(holder: Holder): HolderResource<Holder> | undefined {
  return rulesOf(holder).resource;
}

/** The prefixes of the keys of all resources that hold addresses. */
export const holderPrefixes: readonly string[] = Object.values(holderRules).flatMap(
  ({ resource }) => resource?.prefix ?? [],
);
