// Turns failed calls to etcd into the store's errors. etcd and gRPC name the cause only in the text of the message.
// Calls and retries: etcd.ts.

import { messageOf } from '../model/thrown.ts';
import { Compacted, HistoryLost, LeaseGone, StoreUnavailable, TransactionTooLarge } from './store.ts';

/** A response was larger than this client accepts. */
export class MessageTooLarge extends Error {}

/** Returns the store's error for a failed call. If the error shows a bug of the caller, returns it unchanged. */
export function meaningOf(error: unknown, endpoint: string): Error {
  const message = messageOf(error);
  if (error instanceof StoreUnavailable || error instanceof Compacted) return error;
  if (error instanceof TypeError || /duplicate key|too many operations/.test(message)) return error as Error;
  // The request is too large: the first text is etcd's own, the second comes from etcd's gRPC. Our own gRPC writes
  // `Received`, and means a response (below).
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

/** Returns the message without gRPC's note about name resolution. */
export function reasonOf(error: unknown): string {
  return messageOf(error).replace(/\.? *Resolution note:.*$/s, '');
}

/** Returns whether gRPC reports that it had no connection for the call. */
export function wasNeverSent(error: unknown): boolean {
  return /No connection established|Channel closed before call started/.test(messageOf(error));
}
