// Turns etcd's watch responses into changes: one complete change for each revision, even if etcd splits it over several
// messages. The stream, and its reconnects: etcd.ts.

import type { Revision } from '../model/revision.ts';
import type { Change, Entry, StoreEvent } from './store.ts';

/** An etcd key with its value, as decoded from protobuf. */
export interface EtcdKeyValue {
  key: Buffer;
  value: Buffer;
  create_revision: string;
  mod_revision: string;
}

/** The fields of etcd's WatchResponse that are read here. */
export interface WatchMessage {
  /** Set if the next message continues this response. */
  fragment?: boolean;
  events: { type: 'Put' | 'Delete'; kv: EtcdKeyValue }[];
}

/** Returns an etcd key and its value as an entry. `known` maps the full key to the key that the caller uses. */
export function entryOf(kv: EtcdKeyValue, known: (full: string) => string): Entry {
  return {
    key: known(kv.key.toString()),
    value: kv.value.toString(),
    created: Number(kv.create_revision) as Revision,
    modified: Number(kv.mod_revision) as Revision,
  };
}

/** Collects the events of one watch stream. A response has complete revisions, but a fragment may end within one. */
export class ChangeCollector {
  readonly #known: (full: string) => string;
  /** The newest change, if the next message may add events to it. */
  #incomplete: Change | undefined;

  constructor(known: (full: string) => string) {
    this.#known = known;
  }

  /** Returns the changes that this message completes (test/store/change-collector.test.ts). */
  collect(message: WatchMessage): Change[] {
    const complete: Change[] = [];
    for (const { type, kv } of message.events) {
      const revision = Number(kv.mod_revision) as Revision;
      if (this.#incomplete?.revision !== revision) {
        if (this.#incomplete !== undefined) complete.push(this.#incomplete);
        this.#incomplete = { revision, events: [] };
      }
      const event: StoreEvent =
        type === 'Delete'
          ? { kind: 'delete', key: this.#known(kv.key.toString()) }
          : { kind: 'put', entry: entryOf(kv, this.#known) };
      this.#incomplete.events.push(event);
    }
    if (!message.fragment && this.#incomplete !== undefined) {
      complete.push(this.#incomplete);
      this.#incomplete = undefined;
    }
    return complete;
  }
}
