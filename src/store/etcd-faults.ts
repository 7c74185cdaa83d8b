// Turns failed calls to etcd into the store's errors. etcd and gRPC state the cause only in the message text.
// Calls and retries: etcd.ts.

import { messageOf } from '../model/thrown.ts';
import { Compacted, HistoryLost, LeaseGone, StoreUnavailable, TransactionTooLarge } from './store.ts';

/** A response is larger than the client accepts. */
export class MessageTooLarge extends Error {}

/** Returns the store's error for a failed call. */
export function meaningOf(error: unknown, endpoint: string): Error {
  const message = messageOf(error);
  if (error instanceof StoreUnavailable || error instanceof Compacted) return error;
  if (error instanceof TypeError || /duplicate key|too many operations/.test(message)) return error as Error;
  // A request that is too large: the first text is etcd's, the second comes from its gRPC. Our gRPC
  // client writes `Received`, and means a response (below).
  if (/request is too large|grpc: received message larger than max/.test(message)) {
    return new TransactionTooLarge(`etcd at ${endpoint} does not accept a request of this size (--max-request-bytes)`);
  }
  if (message.includes('Received message larger than max')) return new MessageTooLarge(message);
  if (message.includes('required revision has been compacted')) return new Compacted();
  if (message.includes('future revision')) return new HistoryLost('the revision does not exist yet');
  if (message.includes('requested lease not found')) return new LeaseGone();
  if (message.includes('database space exceeded')) {
    const remedy = 'raise --quota-backend-bytes or compact and defragment, then etcdctl alarm disarm';
    return new StoreUnavailable(`etcd at ${endpoint} is full, alarm NOSPACE: ${remedy}`, { cause: error });
  }
  return new StoreUnavailable(`etcd at ${endpoint}: ${reasonOf(error)}`, { cause: error });
}

/** Returns the message without the note that gRPC appends about name resolution. */
export function reasonOf(error: unknown): string {
  return messageOf(error).replace(/\.? *Resolution note:.*$/s, '');
}

/** Returns true if gRPC reports that it had no connection to send the call on. */
export function wasNeverSent(error: unknown): boolean {
  return /No connection established|Channel closed before call started/.test(messageOf(error));
}
