// Registers this replica as a member: a key on a lease, which is kept while the process lives and ends soon after its
// death. No user makes this change, so it commits by itself. Logs an error if another live process has the same name,
// or a name with the same nameserver label.

import { randomUUID } from 'node:crypto';
import { InvalidValue } from '../model/invalid-value.ts';
import type { Logger } from '../model/logger.ts';
import { type Member, nameserverOf } from '../model/member.ts';
import { memberKey, memberKind, memberValue } from '../store/kinds/member.ts';
import { type LeaseId, type Store, StoreUnavailable } from '../store/store.ts';
import { within } from '../store/within.ts';

const leaseSeconds = 10;
const keepMilliseconds = 3000;
/** The maximum wait when leaving. If the store cannot be reached, the lease ends by itself. */
const leaveMilliseconds = 2000;

/** Registers the replica and keeps it registered. Returns the function that ends the membership. */
export async function joinCluster(
  store: Store,
  member: Member,
  logger: Logger,
  every = keepMilliseconds,
): Promise<() => Promise<void>> {
  const membership = new Membership(store, member, logger);
  await membership.keep();
  const timer = setInterval(() => void membership.keep(), every);
  return async () => {
    clearInterval(timer);
    await membership.leave();
  };
}

class Membership {
  readonly #store: Store;
  readonly #self: Member;
  readonly #key: string;
  readonly #logger: Logger;
  #lease: LeaseId | undefined;
  /**
   * The lease on which our key was written. It may differ from `#lease`: a full store grants leases but takes no
   * writes.
   */
  #registered: LeaseId | undefined;
  /** The attempt under way. No other starts before it ends, also while the store hangs. */
  #attempt: Promise<void> | undefined;
  #leaving = false;
  #reclaimed = false;
  /** Conflicts that were logged already. */
  readonly #told = new Set<string>();

  constructor(store: Store, member: Member, logger: Logger) {
    this.#store = store;
    this.#self = { ...member, instance: randomUUID() };
    this.#key = memberKey(member.replica);
    this.#logger = logger;
  }

  keep(): Promise<void> {
    this.#attempt ??= this.#register().finally(() => {
      this.#attempt = undefined;
    });
    return this.#attempt;
  }

  async leave(): Promise<void> {
    this.#leaving = true;
    const revoke = async () => {
      await this.#attempt;
      if (this.#lease !== undefined) await this.#store.revokeLease(this.#lease);
    };
    const left = revoke().catch((error: unknown) => this.#logger.debug(error, 'could not end the membership'));
    await within(left, leaveMilliseconds);
  }

  async #register(): Promise<void> {
    const isNew = this.#lease === undefined || this.#registered !== this.#lease;
    try {
      if (this.#lease !== undefined && !(await this.#store.keepLease(this.#lease))) this.#lease = undefined;
      const holder = await this.#holder();
      const isOurs = holder?.instance === this.#self.instance;
      if (isOurs) this.#registered = this.#lease;
      if (this.#leaving || (isOurs && this.#lease !== undefined)) return;
      if (holder !== undefined && !isOurs) {
        this.#tellHolder(holder, isNew);
        // Take the name back once, so that the other process logs the conflict too. More often would make the zones
        // flicker.
        if (!isNew && this.#reclaimed) return;
        this.#reclaimed = !isNew;
      }
      this.#lease ??= await this.#store.grantLease(leaseSeconds);
      const put = { kind: 'put', key: this.#key, value: memberValue.encode(this.#self), lease: this.#lease } as const;
      await this.#store.commit({ compares: [], operations: [put] });
      this.#registered = this.#lease;
    } catch (error) {
      // Without the store no replica can register. DNS goes on, and the next attempt follows.
      if (!(error instanceof StoreUnavailable)) this.#lease = undefined;
      this.#logger.debug(error, 'could not renew the membership');
    }
  }

  /** Returns the member with our name: a process that runs, or one that ended within the last ten seconds. */
  async #holder(): Promise<Member | undefined> {
    const { entries } = await this.#store.list(memberKind.prefix);
    let holder: Member | undefined;
    for (const { key, value } of entries) {
      const member = readable(value);
      if (member === undefined) continue;
      if (key === this.#key) holder = member;
      else if (nameserverOf(member).label === nameserverOf(this.#self).label) this.#tellNamesake(member);
    }
    return holder;
  }

  #tellHolder({ dns, instance = '' }: Member, isNew: boolean): void {
    const { replica } = this.#self;
    const words = `${isNew} ${instance}`;
    if (this.#told.has(words)) return;
    this.#told.add(words);
    if (isNew) this.#logger.warn({ replica, dns }, 'a replica of this name is registered: taking its place');
    else {
      const advice = `another live process calls itself '${replica}' too: give every replica a --replica of its own`;
      this.#logger.error({ replica, dns }, advice);
    }
  }

  #tellNamesake({ replica, dns }: Member): void {
    if (this.#told.has(replica)) return;
    this.#told.add(replica);
    const name = `ns-${nameserverOf(this.#self).label}`;
    const advice = `the replicas '${this.#self.replica}' and '${replica}' are both ${name} in the zones: rename one of them (--replica)`;
    this.#logger.error({ replica, dns }, advice);
  }
}

/** Decodes a member. Returns undefined for an unreadable value, which the views have reported. */
function readable(value: string): Member | undefined {
  try {
    const member = memberValue.decode(value);
    nameserverOf(member);
    return member;
  } catch (error) {
    if (error instanceof InvalidValue) return undefined;
    throw error;
  }
}
