// The stored hosts in memory, in the order of their keys. The rules of hosts are in control/hosts.

import type { Host } from '../model/host.ts';
import { type Fqdn, root } from '../model/name.ts';
import type { Revision } from '../model/revision.ts';
import { hostKey } from '../store/kinds/host.ts';
import { SortedMap } from './sorted-map.ts';
import type { Versioned } from './versioned.ts';

export class HostView {
  readonly #hosts = new SortedMap<string, Versioned<Host>>();

  get(name: Fqdn): Versioned<Host> | undefined {
    return this.#hosts.get(hostKey(name));
  }

  /**
   * Yields the hosts in the order of their keys. With `after`, only those after that name. With `tops`, only those at
   * or below these names; other hosts are not visited.
   */
  *list(after?: Fqdn, tops: readonly Fqdn[] = [root]): Generator<Versioned<Host>> {
    const from = after === undefined ? undefined : hostKey(after);
    let start = from;
    for (const { first, end } of spansBelow(tops)) {
      // A span may begin inside the span before it.
      if (first !== undefined && (start === undefined || start < first)) start = first;
      if (end !== undefined && start !== undefined && start >= end) continue;
      for (const [key, host] of this.#hosts.entries(start)) {
        if (end !== undefined && key >= end) break;
        if (key !== from) yield host;
      }
      start = end;
    }
  }

  /** Yields the keys under which the hosts are stored. */
  keys(): IterableIterator<string> {
    return this.#hosts.keys();
  }

  put(host: Host, modified: Revision): void {
    this.#hosts.set(hostKey(host.name), { value: host, modified });
  }

  delete(name: Fqdn): void {
    this.#hosts.delete(hostKey(name));
  }
}

/** The keys from `first` (undefined: from the first key of all) to before `end` (undefined: to the last key). */
interface Span {
  first: string | undefined;
  end: string | undefined;
}

/** Returns the spans of the keys at or below these names, in the order of their first keys. */
function spansBelow(tops: readonly Fqdn[]): Span[] {
  if (tops.includes(root)) return [{ first: undefined, end: undefined }];
  // Keys such as `web-1` are between `web` and the keys below `web`. '/' is the character after '.'.
  const spans = tops.map(hostKey).flatMap((own) => [
    { first: own, end: `${own}\0` },
    { first: `${own}.`, end: `${own}/` },
  ]);
  return spans.sort((a, b) => (a.first < b.first ? -1 : 1));
}
