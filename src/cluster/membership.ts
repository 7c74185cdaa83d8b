// Registers this replica as a member. The member's key is on a lease. The process keeps the lease while it runs, also
// while its main thread is busy. etcd deletes the key soon after the process dies. No user asks for these writes, so
// they are made without a decision. Logs when the membership is lost and when the replica is registered again. Logs an
// error if another running process has the same name, or a name with the same nameserver label.

import { randomUUID } from 'node:crypto';
import { unlessInvalid } from '../model/invalid-value.ts';
import type { Logger } from '../model/logger.ts';
import { type Member, nameserverOf } from '../model/member.ts';
import { TroubleLog } from '../model/trouble-log.ts';
import { within } from '../model/within.ts';
import { memberKey, memberKind, memberValue } from '../store/kinds/member.ts';
import { type LeaseId, type Store, StoreUnavailable } from '../store/store.ts';

const leaseSeconds = 10;
const keepMilliseconds = 3000;
/** The limit for the time of leaving. If the store cannot be reached, the lease ends by itself. */
const leaveMilliseconds = 2000;

export interface MembershipOptions {
  /** Milliseconds between two attempts to keep the membership. */
  every?: number;
  /** Returns whether to write a valid registration again, to find out whether the store takes writes again. */
  mustWrite?: () => boolean;
}

/** Registers the replica and keeps it registered. Returns a function that ends the membership. */
export async function joinCluster(
  store: Store,
  member: Member,
  logger: Logger,
  { every = keepMilliseconds, mustWrite = () => false }: MembershipOptions = {},
): Promise<() => Promise<void>> {
  const membership = new Membership(store, member, logger, mustWrite);
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
  readonly #mustWrite: () => boolean;
  #lease: LeaseId | undefined;
  /** Ends the guard of `#lease`. */
  #release = () => {};
  /**
   * The lease on which our key was written. It may differ from `#lease`: a full store grants leases but refuses writes.
   */
  #registered: LeaseId | undefined;
  /** The running attempt to register. The next attempt starts only after this one, even if the store hangs. */
  #attempt: Promise<void> | undefined;
  #leaving = false;
  readonly #trouble: TroubleLog;
  /** True if our key was written again after another process had overwritten it. */
  #reclaimed = false;
  readonly #logged = new Set<string>();

  constructor(store: Store, member: Member, logger: Logger, mustWrite: () => boolean) {
    this.#mustWrite = mustWrite;
    this.#store = store;
    this.#self = { ...member, instance: randomUUID() };
    this.#key = memberKey(member.replica);
    this.#logger = logger;
    this.#trouble = new TroubleLog(logger, {
      begins: 'this replica cannot stay registered as a member, will retry: its zones may lose its NS records',
      over: 'this replica is registered as a member again',
    });
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
      this.#release();
      if (this.#lease !== undefined) await this.#store.revokeLease(this.#lease);
    };
    const left = revoke().catch((error: unknown) => this.#logger.debug(error, 'could not end the membership'));
    await within(left, leaveMilliseconds);
  }

  async #register(): Promise<void> {
    const isNew = this.#lease === undefined || this.#registered !== this.#lease;
    try {
      if (this.#lease !== undefined && !(await this.#store.keepLease(this.#lease))) this.#loseLease();
      const holder = await this.#holder();
      const isOurs = holder?.instance === this.#self.instance;
      if (isOurs) this.#registered = this.#lease;
      if (isOurs && this.#lease !== undefined) this.#trouble.succeeded({ replica: this.#self.replica });
      if (this.#leaving) return;
      if (isOurs && this.#lease !== undefined) {
        // The registration is still valid if the store refuses this write.
        if (this.#mustWrite()) await this.#write(this.#lease).catch(() => undefined);
        return;
      }
      if (holder !== undefined && !isOurs) {
        this.#logHolder(holder, isNew);
        // Write our key again once, so that the other process also logs the conflict. If two processes replaced each
        // other again and again, the addresses of this nameserver in the zones would change every few seconds.
        if (!isNew && this.#reclaimed) return;
        this.#reclaimed = !isNew;
      }
      const lease = this.#lease ?? this.#hold(await this.#store.grantLease(leaseSeconds));
      await this.#write(lease);
      this.#registered = this.#lease;
      this.#trouble.succeeded({ replica: this.#self.replica });
    } catch (error) {
      // If the store cannot be reached, the lease may still run, so the next attempt keeps it. After any other error
      // the next attempt gets a new lease.
      if (!(error instanceof StoreUnavailable)) this.#hold(undefined);
      if (!this.#leaving) this.#trouble.failed(error, { replica: this.#self.replica });
    }
  }

  async #write(lease: LeaseId): Promise<void> {
    const put = { kind: 'put', key: this.#key, value: memberValue.encode(this.#self), lease } as const;
    await this.#store.commit({ compares: [], operations: [put] });
  }

  /** Notes that our lease has ended, and with it the registration. */
  #loseLease(): void {
    this.#hold(undefined);
    const { replica } = this.#self;
    if (!this.#leaving) this.#trouble.failed('the lease ended before it was renewed', { replica });
  }

  /** Sets `#lease`, and guards the lease: the store keeps it even while this thread is busy. */
  #hold<Lease extends LeaseId | undefined>(lease: Lease): Lease {
    this.#release();
    this.#lease = lease;
    this.#release = lease === undefined ? () => {} : this.#store.guardLease(lease);
    return lease;
  }

  /**
   * Returns the member with our name, if there is one. Its process may have ended within the last ten seconds. Logs the
   * members that have our nameserver label under another name.
   */
  async #holder(): Promise<Member | undefined> {
    const { entries } = await this.#store.list(memberKind.prefix);
    let holder: Member | undefined;
    for (const { key, value } of entries) {
      const member = decodeIfReadable(value);
      if (member === undefined) continue;
      if (key === this.#key) holder = member;
      else if (nameserverOf(member).label === nameserverOf(this.#self).label) this.#logSameLabel(member);
    }
    return holder;
  }

  #logHolder({ dns, instance = '' }: Member, isNew: boolean): void {
    const { replica } = this.#self;
    const conflict = `${isNew} ${instance}`;
    if (this.#logged.has(conflict)) return;
    this.#logged.add(conflict);
    if (isNew) this.#logger.warn({ replica, dns }, 'a replica with this name is already registered: replacing it');
    else {
      const advice = `another running process also has the name '${replica}': give every replica its own --replica`;
      this.#logger.error({ replica, dns }, advice);
    }
  }

  #logSameLabel({ replica, dns }: Member): void {
    if (this.#logged.has(replica)) return;
    this.#logged.add(replica);
    const name = `ns-${nameserverOf(this.#self).label}`;
    const advice = `the replicas '${this.#self.replica}' and '${replica}' both have the name ${name} in the zones: rename one of them (--replica)`;
    this.#logger.error({ replica, dns }, advice);
  }
}

/** Decodes a member. Returns undefined for an unreadable value: the views report it as a fault. */
function decodeIfReadable(value: string): Member | undefined {
  return unlessInvalid(() => {
    const member = memberValue.decode(value);
    nameserverOf(member);
    return member;
  });
}
