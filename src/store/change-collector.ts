// Turns etcd's watch responses into changes: one complete change for each revision, even if etcd splits a revision over
// several messages. The stream and its reconnects: etcd.ts.

import type { Revision } from '../model/revision.ts';
import { type Change, Compacted, type Entry, type StoreEvent, type WatchOptions } from './store.ts';

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
  /** `prev_kv` is set only if the watch asked for it. It is null if etcd does not have it. */
  events: { type: 'Put' | 'Delete'; kv: EtcdKeyValue; prev_kv?: EtcdKeyValue | null }[];
}

/** Returns an etcd key and its value as an entry. `known` turns the full key into the caller's form. */
export function entryOf(kv: EtcdKeyValue, known: (full: string) => string): Entry {
  return {
    key: known(kv.key.toString()),
    value: kv.value.toString(),
    created: Number(kv.create_revision) as Revision,
    modified: Number(kv.mod_revision) as Revision,
  };
}

/**
 * Collects the events of one watch stream. A response has whole revisions, but a fragment may end within a revision.
 */
export class ChangeCollector {
  readonly #known: (full: string) => string;
  readonly #reportsPrevious: boolean;
  /** The newest change, as long as the next message may add events to it. */
  #incomplete: Change | undefined;

  constructor(known: (full: string) => string, { previous = false }: WatchOptions = {}) {
    this.#known = known;
    this.#reportsPrevious = previous;
  }

  /**
   * Returns the changes that this message completes (test/store/change-collector.test.ts). With the option `previous`,
   * throws {@link Compacted} if an event lacks the value before it.
   */
  collect(message: WatchMessage): Change[] {
    const complete: Change[] = [];
    for (const { type, kv, prev_kv: before } of message.events) {
      const revision = Number(kv.mod_revision) as Revision;
      if (this.#incomplete?.revision !== revision) {
        if (this.#incomplete !== undefined) complete.push(this.#incomplete);
        this.#incomplete = { revision, events: [] };
      }
      const event: StoreEvent =
        type === 'Delete'
          ? { kind: 'delete', key: this.#known(kv.key.toString()) }
          : { kind: 'put', entry: entryOf(kv, this.#known) };
      if (this.#reportsPrevious) this.#addPrevious(event, before ?? undefined);
      this.#incomplete.events.push(event);
    }
    if (!message.fragment && this.#incomplete !== undefined) {
      complete.push(this.#incomplete);
      this.#incomplete = undefined;
    }
    return complete;
  }

  /**
   * Adds the value before the event. etcd reads that value when it sends the event, and leaves it out if its revision
   * has been compacted.
   */
  #addPrevious(event: StoreEvent, before: EtcdKeyValue | undefined): void {
    if (before !== undefined) event.previous = entryOf(before, this.#known);
    else if (event.kind === 'delete' || event.entry.created < event.entry.modified) throw new Compacted();
  }
}
