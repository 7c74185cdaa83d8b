// What this replica knows of the SkyDNS layout: where its keys are, and how complete each zone's part is.

import type { Fqdn } from '../model/name.ts';
import type { SkydnsState } from '../model/skydns/state.ts';

export class SkydnsView {
  /** The prefix of all keys of the layout. Undefined if the store is not etcd: then no other program can read it. */
  readonly prefix: string | undefined;
  readonly states = new Map<Fqdn, SkydnsState>();

  constructor(prefix: string | undefined) {
    this.prefix = prefix;
  }
}
