// The messages between the main thread and the thread that keeps leases of etcd. All can be sent between threads
// (structured clone).

import type { LeaseId } from './store.ts';

export interface LeaseTask {
  /** `http://host:port` or `https://host:port`. */
  readonly endpoints: readonly string[];
  readonly ca?: Uint8Array | undefined;
  readonly cert?: Uint8Array | undefined;
  readonly key?: Uint8Array | undefined;
  /** One Int32, which the main thread changes every second. */
  readonly beat: SharedArrayBuffer;
  /** If the beat has not changed for this long, no lease is kept. */
  readonly maxBusyMilliseconds: number;
}

/** An order from the main thread. */
export interface LeaseOrder {
  readonly kind: 'guard' | 'release';
  readonly lease: LeaseId;
}
