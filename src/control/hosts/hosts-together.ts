// Hosts that one transaction writes. None of them gets an address that an earlier one has, unless both share it.

import { reverseName } from '../../model/address.ts';
import type { Host } from '../../model/host.ts';
import type { Fqdn } from '../../model/name.ts';
import { addressKey } from '../../store/kinds/address.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import type { PathOf, Warning } from '../transaction/name-edits.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { pathsIn } from './write-host.ts';

export class HostsTogether {
  readonly builder: TransactionBuilder;
  /** The addresses of the hosts that are written already count as in use here. */
  readonly context: DecisionContext;
  /** The hosts that are written so far, in that order. */
  readonly hosts: Host[] = [];
  readonly #pathAt: (index: number) => string;
  /** The same hosts by their index in the request. */
  readonly #written = new Map<number, Host>();
  /** The index of the host that takes an address, by the address's key. */
  readonly #taken = new Map<string, number>();

  /** `pathAt`: the path of the part of the request that is about the host of this index. */
  constructor(context: DecisionContext, pathAt: (index: number) => string) {
    const { claimed } = context;
    this.context = { ...context, claimed: { has: (key) => claimed.has(key) || this.#taken.has(key) } };
    this.builder = new TransactionBuilder(this.context);
    this.#pathAt = pathAt;
  }

  /** Calls `write`, which writes a host or returns undefined. Its refusals have paths below that of the host. */
  write(index: number, write: () => Host | undefined): void {
    this.builder.refusals.under(this.#pathAt(index), () => {
      const host = write();
      if (host === undefined) return;
      this.hosts.push(host);
      this.#written.set(index, host);
      for (const { space, address } of host.addresses) this.#taken.set(addressKey(space, address), index);
    });
  }

  /** Returns the host that takes the address with this key, with its index. */
  holderOf(key: string): [index: number, host: Host] | undefined {
    const index = this.#taken.get(key);
    const host = index === undefined ? undefined : this.#written.get(index);
    return index === undefined || host === undefined ? undefined : [index, host];
  }

  /** Returns the decision. `resultOf` gets the warnings by the index of the host that each is about. */
  build<T>(resultOf: (warnings: ReadonlyMap<number | undefined, Warning[]>) => T): Decision<T> {
    const inOrder = [...this.#written].sort(([a], [b]) => a - b);
    const indexOf = new Map<Fqdn, number>();
    for (const [index, { name, aliases, addresses }] of inOrder) {
      for (const owner of [name, ...aliases, ...addresses.map(({ address }) => reverseName(address))])
        indexOf.set(owner, index);
    }
    const pathOf: PathOf = (owner, type) => {
      const index = indexOf.get(owner);
      const host = index === undefined ? undefined : this.#written.get(index);
      const path = host && pathsIn(host)(owner, type);
      return index === undefined || path === undefined ? undefined : `${this.#pathAt(index)}${path}`;
    };
    const byHost = (warnings: Warning[]) => Map.groupBy(warnings, ({ owner }) => indexOf.get(owner) ?? inOrder[0]?.[0]);
    return this.builder.buildWith((warnings) => resultOf(byHost(warnings)), pathOf);
  }
}
