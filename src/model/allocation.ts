// Who holds an address, and the rules by which holders may share one.

import type { Address } from './address.ts';
import type { Fqdn } from './name.ts';

export interface Port {
  protocol: 'tcp' | 'udp' | 'sctp';
  port: number;
}

/** One holder of an address: a host, or an allocation without a name. Times are RFC 3339 UTC. */
export type Holder =
  | { kind: 'host'; host: Fqdn; owner: string }
  | {
      kind: 'allocation';
      id: string;
      owner: string;
      sharingKey?: string;
      ports?: Port[];
      expiresAt?: string;
    };

/**
 * What is kept about one address. `held` has at least one holder. `released` has none: it cools down until `freeAt`, or (without one)
 * is only remembered for the least-recently-used strategy.
 */
export interface AddressRecord {
  address: Address;
  space: string;
  /** The pool that gave it; null for an address outside every pool. */
  pool: string | null;
  state: 'held' | 'released';
  holders: Holder[];
  /** When it was taken (held) or given back (released). */
  since: string;
  freeAt?: string;
}

/**
 * When an address that was given back may be given again, in milliseconds: as it was said then, or sooner where its pool's cool-down is shorter now. Undefined: it has
 * none.
 */
export function coolDownEnd({ since, freeAt }: AddressRecord, coolDownSeconds: number | undefined): number | undefined {
  if (freeAt === undefined) return undefined;
  const promised = Date.parse(freeAt);
  return coolDownSeconds === undefined ? promised : Math.min(promised, Date.parse(since) + coolDownSeconds * 1000);
}

/** Whether a newcomer may share the address with those who hold it: same non-empty key, and no port twice (as MetalLB has it). */
export function mayShare(holders: readonly Holder[], newcomer: Holder): boolean {
  return (
    holders.length > 0 &&
    holders.every(
      (holder) =>
        holder.kind === 'allocation' &&
        newcomer.kind === 'allocation' &&
        newcomer.sharingKey !== undefined &&
        holder.sharingKey === newcomer.sharingKey &&
        portsAreApart(holder.ports, newcomer.ports),
    )
  );
}

/** Holders without ports want the whole address. */
function portsAreApart(a: readonly Port[] | undefined, b: readonly Port[] | undefined): boolean {
  if (a === undefined || b === undefined || a.length === 0 || b.length === 0) return false;
  return !a.some((one) => b.some((other) => one.protocol === other.protocol && one.port === other.port));
}

/** A holder as messages name it. */
export function describeHolder(holder: Holder): string {
  return holder.kind === 'host' ? `host:${holder.host}` : `allocation:${holder.id}`;
}
