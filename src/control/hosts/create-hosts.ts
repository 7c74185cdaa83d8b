// Use case: several hosts are created in one transaction, all of them or none.

import { refuseField } from '../../errors.ts';
import type { Fqdn } from '../../model/name.ts';
import { defaultSpace } from '../../model/pool.ts';
import { isKnown, orUnknown } from '../../model/unknown.ts';
import { addressKey } from '../../store/kinds/address.ts';
import { mayJoin } from '../addresses/choose-explicit.ts';
import { recordNow } from '../addresses/hold-address.ts';
import { type Decision, type DecisionContext, maxDecisionOperations } from '../transaction/decision.ts';
import { createHost, type HostCreated } from './create-host.ts';
import type { WantedHost } from './host-wanted.ts';
import { HostsTogether } from './hosts-together.ts';

/** The keys that the smallest host needs: its own and its name's, if it shares its address with others. */
const fewestKeys = 2;
/** No transaction has room for more hosts than this. */
const maxTogether = Math.floor(maxDecisionOperations / fewestKeys);

/**
 * Creates hosts as {@link decideCreateHost} creates each of them (test/http/host-batch.test.ts). The faults of the host
 * at an index have paths below `/hosts/<index>`. A host gets no address that another host of the request names, unless
 * both share it. Refuses with `payload_too_large` if one transaction has no room for all of them: `fits` says for how
 * many it has.
 */
export function decideCreateHosts(context: DecisionContext, asked: readonly WantedHost[]): Decision<HostCreated[]> {
  const some = asked.slice(0, maxTogether + 1);
  const { batch, added } = batchOf(context, some);
  if (added < some.length) refuseLarge(asked.length, firstThatFit(context, some, added));
  const decision = batch.build();
  if (some.length < asked.length) refuseLarge(asked.length, maxTogether);
  return decision;
}

/** Adds hosts to a batch while there is room. Returns how many it has added with room for all of them. */
function batchOf(context: DecisionContext, asked: readonly WantedHost[]): { batch: HostBatch; added: number } {
  const batch = new HostBatch(context, asked);
  // The hosts that name their addresses come first, so that the others do not get these addresses.
  const order = [...asked.keys()].sort((a, b) => namesAddresses(asked, b) - namesAddresses(asked, a) || a - b);
  for (const [added, index] of order.entries()) {
    batch.add(index, asked[index] as WantedHost);
    if (added > 0 && !batch.hasRoom) return { batch, added };
  }
  return { batch, added: order.length };
}

/** Returns how many of the first hosts of the request have room together: `most` at most. */
function firstThatFit(context: DecisionContext, asked: readonly WantedHost[], most: number): number {
  for (let count = most; count > 1; count -= 1) {
    if (batchOf(context, asked.slice(0, count)).added === count) return count;
  }
  return 1;
}

function namesAddresses(asked: readonly WantedHost[], index: number): number {
  return Number(asked[index]?.addresses !== undefined);
}

/** Refuses hosts for which one transaction has no room. `fits`: the number of those for which it has. */
function refuseLarge(count: number, fits: number): never {
  const message = `one transaction has room for ${fits} of these ${count} hosts: send ${fits} at a time, or leave out "atomic"`;
  refuseField('payload_too_large', '/hosts', message, { fits });
}

/** Returns the index of the first host of each name. `names`: undefined for a host whose name is faulty. */
export function firstOfNames(names: Iterable<Fqdn | undefined>): Map<Fqdn, number> {
  const first = new Map<Fqdn, number>();
  let index = 0;
  for (const name of names) {
    if (name !== undefined && !first.has(name)) first.set(name, index);
    index += 1;
  }
  return first;
}

/** Refuses a host that has the name of an earlier one in the same request. */
export function refuseRepeatedName(name: Fqdn, earlier: number): never {
  refuseField('name_taken', '/name', `/hosts/${earlier} has the name ${name} too`, { name });
}

class HostBatch {
  readonly #together: HostsTogether;
  readonly #created = new Map<number, ReturnType<typeof createHost>>();
  readonly #firstOf: ReadonlyMap<Fqdn, number>;

  constructor(context: DecisionContext, asked: readonly WantedHost[]) {
    this.#firstOf = firstOfNames(asked.map(({ name }) => (isKnown(name) ? name : undefined)));
    this.#together = new HostsTogether(context, (index) => `/hosts/${index}`);
  }

  get hasRoom(): boolean {
    // One more key: the answer that is kept for an Idempotency-Key.
    return this.#together.builder.hasRoom(1);
  }

  add(index: number, wanted: WantedHost): void {
    const { builder, context, hosts } = this.#together;
    const { refusals } = builder;
    this.#together.write(index, () => {
      const first = isKnown(wanted.name) ? this.#firstOf.get(wanted.name) : undefined;
      if (first !== undefined && first !== index) {
        refusals.try(() => refuseRepeatedName(wanted.name, first));
        return undefined;
      }
      if (refusals.refuses(() => orUnknown(() => this.#refuseTaken(wanted)))) return undefined;
      const created = createHost(builder, context, wanted, hosts);
      this.#created.set(index, created);
      return created.host;
    });
  }

  /** Refuses addresses that another host of the request gets and does not share with this one. */
  #refuseTaken({ name: newcomer, owner, addresses = [], pool, sharing }: WantedHost): void {
    const { builder, context } = this.#together;
    const { pools } = context.views;
    const space = pool === undefined ? undefined : pools.find(pool)?.value.space;
    for (const [at, address] of addresses.entries()) {
      const [other, host] = this.#together.holderOf(addressKey(space ?? defaultSpace, address)) ?? [];
      if (host === undefined) continue;
      const record = recordNow(builder, space ?? defaultSpace, address);
      const holder = { kind: 'host' as const, host: newcomer, owner, ...sharing?.get(address) };
      if (record !== undefined && mayJoin(builder, record, holder)) continue;
      const message = `${address} is given to ${host.name} (/hosts/${other}): take another, or let both share it ("shared": true)`;
      refuseField('address_taken', `/addresses/${at}`, message, { address, heldBy: [`host:${host.name}`] });
    }
  }

  build(): Decision<HostCreated[]> {
    const created = [...this.#created].sort(([a], [b]) => a - b);
    return this.#together.build((warnings) =>
      created.map(([index, { resultOf }]) => resultOf(warnings.get(index) ?? [])),
    );
  }
}
