// What a failed call to etcd means: etcd and gRPC say it in words. Who calls, and what is tried again: etcd.ts.

import { messageOf } from '../model/thrown.ts';
import { Compacted, HistoryLost, LeaseGone, StoreUnavailable, TransactionTooLarge } from './store.ts';

/** The response is beyond what the client takes. */
export class MessageTooLarge extends Error {}

/** What a failed call means to the caller. */
export function meaningOf(error: unknown, endpoint: string): Error {
  const message = messageOf(error);
  if (error instanceof StoreUnavailable || error instanceof Compacted) return error;
  if (error instanceof TypeError || /duplicate key|too many operations/.test(message)) return error as Error;
  // etcd says the first, its gRPC the second, about requests; ours says the third, about responses.
  if (/request is too large|grpc: received message larger than max/.test(message)) {
    return new TransactionTooLarge(`etcd at ${endpoint} takes no request of this size (--max-request-bytes)`);
  }
  if (message.includes('Received message larger than max')) return new MessageTooLarge(message);
  if (message.includes('required revision has been compacted')) return new Compacted();
  if (message.includes('future revision')) return new HistoryLost('the revision is yet to come');
  if (message.includes('requested lease not found')) return new LeaseGone();
  if (message.includes('database space exceeded')) {
    const wayOut = 'raise --quota-backend-bytes or compact and defragment, then etcdctl alarm disarm';
    return new StoreUnavailable(`etcd at ${endpoint} is full, alarm NOSPACE: ${wayOut}`, { cause: error });
  }
  return new StoreUnavailable(`etcd at ${endpoint}: ${reasonOf(error)}`, { cause: error });
}

/** In words, without what gRPC adds for itself. */
export function reasonOf(error: unknown): string {
  return messageOf(error).replace(/\.? *Resolution note:.*$/s, '');
}

/** gRPC says so when it had no connection to send the call on. */
export function wasNeverSent(error: unknown): boolean {
  return /No connection established|Channel closed before call started/.test(messageOf(error));
}
