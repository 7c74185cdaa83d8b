// Turns etcd's watch responses into changes: one for each revision, whole, however etcd cut the stream into messages.
// The stream itself, and what happens when it breaks: etcd.ts.

import type { Revision } from '../model/revision.ts';
import type { Change, Entry, StoreEvent } from './store.ts';

/** An etcd key with its value, as protobuf gives it. */
export interface EtcdKeyValue {
  key: Buffer;
  value: Buffer;
  create_revision: string;
  mod_revision: string;
}

/** What of etcd's WatchResponse matters here. */
export interface WatchMessage {
  /** More of this response follows in the next message. */
  fragment?: boolean;
  events: { type: 'Put' | 'Delete'; kv: EtcdKeyValue }[];
}

/** An etcd key and its value as an entry; `known` names the key as the caller does. */
export function entryOf(kv: EtcdKeyValue, known: (full: string) => string): Entry {
  return {
    key: known(kv.key.toString()),
    value: kv.value.toString(),
    created: Number(kv.create_revision) as Revision,
    modified: Number(kv.mod_revision) as Revision,
  };
}

/** Collects the events of one watch stream. A response holds whole revisions, but its fragments may cut one in two. */
export class ChangeCollector {
  readonly #known: (full: string) => string;
  #open: Change | undefined;

  constructor(known: (full: string) => string) {
    this.#known = known;
  }

  /** The changes that are complete with this message (test/store/change-collector.test.ts). */
  collect(message: WatchMessage): Change[] {
    const complete: Change[] = [];
    for (const { type, kv } of message.events) {
      const revision = Number(kv.mod_revision) as Revision;
      if (this.#open?.revision !== revision) {
        if (this.#open !== undefined) complete.push(this.#open);
        this.#open = { revision, events: [] };
      }
      const event: StoreEvent =
        type === 'Delete'
          ? { kind: 'delete', key: this.#known(kv.key.toString()) }
          : { kind: 'put', entry: entryOf(kv, this.#known) };
      this.#open.events.push(event);
    }
    if (!message.fragment && this.#open !== undefined) {
      complete.push(this.#open);
      this.#open = undefined;
    }
    return complete;
  }
}
