// This replica among the others: a key on a lease, kept while the process lives and gone soon after it died.

import type { Logger } from '../model/logger.ts';
import type { Member } from '../model/member.ts';
import { memberKey } from '../store/keys.ts';
import { type LeaseId, type Store, StoreUnavailable } from '../store/store.ts';
import { memberValue } from '../store/values.ts';

const leaseSeconds = 10;
const keepMilliseconds = 3000;

/** Registers the replica and keeps it registered; the function returned takes it out again. */
export async function joinCluster(store: Store, member: Member, logger: Logger): Promise<() => Promise<void>> {
  let lease: LeaseId | undefined;
  let pending: Promise<void> = Promise.resolve();

  async function keep(): Promise<void> {
    try {
      if (lease !== undefined && (await store.keepLease(lease))) return;
      lease = await store.grantLease(leaseSeconds);
      const put = { kind: 'put', key: memberKey(member.replica), value: memberValue.encode(member), lease } as const;
      await store.commit({ compares: [], operations: [put] });
    } catch (error) {
      // Without the store nobody is registered; DNS goes on, and the next turn tries again.
      lease = error instanceof StoreUnavailable ? lease : undefined;
      logger.debug(error, 'could not renew the membership');
    }
  }

  await keep();
  const timer = setInterval(() => {
    pending = pending.then(keep);
  }, keepMilliseconds);
  return async () => {
    clearInterval(timer);
    await pending;
    if (lease !== undefined)
      await store.revokeLease(lease).catch((error: unknown) => logger.debug(error, 'could not end the membership'));
  };
}
