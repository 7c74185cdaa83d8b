// The SkyDNS layout, as this replica knows it: where its keys are, and how far the layout of each zone is.

import type { Fqdn } from '../model/name.ts';
import type { SkydnsState } from '../model/skydns/state.ts';

export class SkydnsView {
  /** The first part of all keys of the layout. Undefined: the store is not etcd, so nobody else can read it. */
  readonly prefix: string | undefined;
  readonly states = new Map<Fqdn, SkydnsState>();

  constructor(prefix: string | undefined) {
    this.prefix = prefix;
  }
}
