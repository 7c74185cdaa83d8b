// What this replica knows of the SkyDNS layout: where the keys of the layout are, and the state of each zone in it.

import type { Fqdn } from '../model/name.ts';
import type { SkydnsState } from '../model/skydns/state.ts';

export class SkydnsView {
  /**
   * The prefix of all keys of the layout. Undefined if the store is not etcd: no other program can read such a store.
   */
  readonly prefix: string | undefined;
  readonly states = new Map<Fqdn, SkydnsState>();

  constructor(prefix: string | undefined) {
    this.prefix = prefix;
  }
}
