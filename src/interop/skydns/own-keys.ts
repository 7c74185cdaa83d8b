// Brings the keys of a zone in the SkyDNS layout up to date, after its settings changed or an import replaced its
// names. First deletes the keys that are left over, then writes the keys of all names, many in one transaction. Every
// other write of the zone writes its own keys meanwhile. The state of the zone tells how much is done, so that another
// leader can continue the work.

import { isDeepStrictEqual } from 'node:util';
import { untilReached } from '../../control/reading/until-reached.ts';
import { mirrorName } from '../../control/skydns/mirror-name.ts';
import { isWantedKey } from '../../control/skydns/wanted-keys.ts';
import { InvalidValue } from '../../model/invalid-value.ts';
import type { Fqdn } from '../../model/name.ts';
import { noRevision } from '../../model/revision.ts';
import type { NamedRrsets } from '../../model/rrset.ts';
import { skydnsKey, skydnsPrefixBelow } from '../../model/skydns/key.ts';
import { ownValues } from '../../model/skydns/own-values.ts';
import { isOwnValue } from '../../model/skydns/service.ts';
import {
  maxNamedFaults,
  newState,
  noFaults,
  type SkydnsSettings,
  type SkydnsState,
  settingsOf,
} from '../../model/skydns/state.ts';
import { nameKind, namesPrefix, nameValue } from '../../store/kinds/name.ts';
import { skydnsStateKey } from '../../store/kinds/skydns.ts';
import { zoneKey } from '../../store/kinds/zone.ts';
import type { Compare, Entry, Operation, Transaction } from '../../store/store.ts';
import { KeyBatch, maxKeys, type NameKeys } from './key-batch.ts';
import type { SkydnsParts } from './parts.ts';
import type { SkydnsStates } from './states.ts';

const pageSize = 500;
/** The limit for attempts to write one name that others write at the same time. */
const maxTries = 20;

/** The parts that the leader has. */
export interface LeaderParts {
  parts: SkydnsParts;
  states: SkydnsStates;
  /** By zone: a digest of the zones inside it that hide its names. */
  hiddenBy: ReadonlyMap<Fqdn, string>;
}

/** The error of work on a zone that was changed meanwhile: the work must begin again or continue. */
export class Interrupted extends Error {}

/** Returns the settings that decide which keys the zone has. A zone that was deleted has none. */
export function presentSettings({ parts: { views }, hiddenBy }: LeaderParts, zone: Fqdn): SkydnsSettings {
  const current = views.zones.get(zone)?.value;
  const hidden = hiddenBy.get(zone);
  const own = current === undefined ? { on: false, generation: 0, defaultTtl: 0 } : settingsOf(current);
  return { ...own, ...(hidden !== undefined && { hiddenBy: hidden }) };
}

export class OwnKeys {
  readonly #parts: SkydnsParts;
  readonly #states: SkydnsStates;
  readonly #zone: Fqdn;
  readonly #signal: AbortSignal;
  /** The compare that proves that the zone's key was not written after the work began. */
  readonly #unchanged: Compare;
  #state: SkydnsState;
  /** True if the store has some of the keys already. Then the work reads keys before it writes them. */
  #isFilled = false;

  constructor(leader: LeaderParts, zone: Fqdn, signal: AbortSignal) {
    const { parts, states } = leader;
    this.#parts = parts;
    this.#states = states;
    this.#zone = zone;
    this.#signal = signal;
    const key = zoneKey(zone);
    const current = parts.views.zones.get(zone);
    this.#unchanged = current ? { kind: 'modified', key, revision: current.modified } : { kind: 'absent', key };
    const settings = presentSettings(leader, zone);
    const before = states.get(zone);
    this.#state =
      before !== undefined && isDeepStrictEqual(before.settings, settings)
        ? before
        : newState(zone, settings, this.#names());
  }

  /** Does the rest of the work. Rejects with {@link Interrupted} if the zone was changed meanwhile. */
  async run(): Promise<void> {
    const { logger } = this.#parts;
    const { on } = this.#state.settings;
    logger.info({ zone: this.#zone, phase: this.#state.phase }, 'writing the SkyDNS layout of a zone');
    await this.#note({});
    if (this.#state.phase === 'clearing') {
      await this.#clear();
      if (!on) await this.#dropMirrored();
      await this.#note({ phase: 'writing', done: 0, total: this.#names() }, true);
    }
    if (on) {
      await this.#write();
      await this.#note({ phase: 'following', done: this.#state.total }, true);
    } else {
      // A zone whose `skydns` was switched on again meanwhile needs its state.
      const operations: Operation[] = [{ kind: 'delete', key: skydnsStateKey(this.#zone) }];
      const { revision } = await this.#commit({ compares: [this.#unchanged], operations });
      await untilReached(this.#parts.views, revision);
      this.#states.forget(this.#zone);
    }
    logger.info({ zone: this.#zone, on }, 'the SkyDNS layout of a zone is written');
  }

  #names(): number {
    return this.#parts.views.zones.counts(this.#zone).names;
  }

  /** Changes the state. `moves`: true at the end of a phase, when the position is dropped. */
  async #note(change: Partial<SkydnsState>, moves = false): Promise<void> {
    this.#signal.throwIfAborted();
    const { position, ...rest } = {
      ...this.#state,
      notServed: this.#states.get(this.#zone)?.notServed ?? noFaults,
      ...change,
    };
    this.#state = moves || position === undefined ? rest : { ...rest, position };
    this.#states.set(this.#state);
    await this.#states.flush();
  }

  /** Deletes our keys that the zones no longer want. The compares prove that the keys are as they were read. */
  async #clear(): Promise<void> {
    const { store, views, prefix } = this.#parts;
    const exact = await store.get(skydnsKey(prefix, this.#zone));
    let from = this.#state.position;
    do {
      const page = await store.list(skydnsPrefixBelow(prefix, this.#zone), { limit: pageSize, ...(from && { from }) });
      await this.#states.write(this.#state);
      const entries = from === undefined && exact !== undefined ? [exact, ...page.entries] : page.entries;
      const doomed = entries.filter(({ key, value }) => isOwnValue(value) && !isWantedKey(views, prefix, key));
      for (let start = 0; start < doomed.length; start += maxKeys)
        await this.#delete(doomed.slice(start, start + maxKeys));
      from = page.next;
      await this.#note(from === undefined ? {} : { position: from }, from === undefined);
    } while (from !== undefined);
  }

  async #delete(entries: readonly Entry[]): Promise<void> {
    const compares = entries.map(({ key, modified }): Compare => ({ kind: 'modified', key, revision: modified }));
    const operations = entries.map(({ key }): Operation => ({ kind: 'delete', key }));
    const { committed } = await this.#commit({ compares: [this.#unchanged, ...compares], operations });
    // If a key was written meanwhile, the key is wanted now, or the zone was changed.
    if (committed || entries.length === 0) return;
    if (entries.length > 1) for (const entry of entries) await this.#delete([entry]);
    else await this.#requireUnchanged();
  }

  /** Deletes the records of others from a zone whose `skydns` was switched off. */
  async #dropMirrored(): Promise<void> {
    for await (const { name } of this.#stored((value) => value.includes('"skydns"')))
      await mirrorName(this.#parts.committer, { zone: this.#zone, owner: name, values: [] });
  }

  async #write(): Promise<void> {
    const batch = new KeyBatch();
    const send = async () => {
      const names = batch.take();
      if (names.length === 0 || (await this.#writeNames(names))) return;
      for (const { key } of names) await this.#writeAlone(key);
    };
    let seen = 0;
    for await (const name of this.#stored()) {
      const values = this.#valuesOf(name);
      if (!batch.hasRoom(values)) await send();
      batch.add({ key: name.key, modified: name.modified, values });
      if (++seen % pageSize !== 0) continue;
      await send();
      await this.#note({ done: this.#state.done + pageSize, position: name.key });
    }
    await send();
  }

  /** Writes the keys of one name that others write at the same time. */
  async #writeAlone(key: string): Promise<void> {
    const { store, views } = this.#parts;
    for (let tries = 0; tries < maxTries; tries += 1) {
      const entry = await store.get(key);
      const stored = entry && nameValue.decodeIfReadable(entry.value);
      if (entry === undefined || stored === undefined) return;
      await untilReached(views, entry.modified);
      if (await this.#writeNames([{ key, modified: entry.modified, values: this.#valuesOf(stored) }])) return;
      await this.#requireUnchanged();
    }
    throw new Interrupted(`others write ${key} all the time`);
  }

  /**
   * Writes the values that the store does not have, except at keys with values of others. Returns false if a name or a
   * key was written meanwhile. Assumes that all keys are absent, and does not read them, until a commit fails.
   */
  async #writeNames(names: readonly NameKeys[]): Promise<boolean> {
    if (!this.#isFilled) {
      const absent = names.flatMap(({ values }) =>
        [...values.keys()].map((key): [string, undefined] => [key, undefined]),
      );
      if ((await this.#commit(this.#transactionOf(names, new Map(absent)))).committed) return true;
      this.#isFilled = true;
    }
    const keys = names.flatMap(({ values }) => [...values.keys()]);
    const standing = await Promise.all(keys.map(async (key) => [key, await this.#parts.store.get(key)] as const));
    return (await this.#commit(this.#transactionOf(names, new Map(standing)))).committed;
  }

  /**
   * Returns the transaction that writes the values. Its compares prove that the names are as they were read, and that
   * the written keys have no values of others. `standing`: the present entries of the keys.
   */
  #transactionOf(names: readonly NameKeys[], standing: ReadonlyMap<string, Entry | undefined>): Transaction {
    const compares: Compare[] = [this.#unchanged];
    const operations: Operation[] = [];
    for (const { key: name, modified, values } of names) {
      const before = operations.length;
      for (const [key, { value, what }] of values) {
        const entry = standing.get(key);
        if (entry?.value === value) continue;
        if (entry !== undefined && !isOwnValue(entry.value)) {
          this.#leaveOut(what, `others have a value at the key ${key}`);
          continue;
        }
        compares.push(entry ? { kind: 'modified', key, revision: entry.modified } : { kind: 'absent', key });
        operations.push({ kind: 'put', key, value });
      }
      if (operations.length > before) compares.push({ kind: 'modified', key: name, revision: modified });
    }
    return { compares, operations };
  }

  /** Returns the values of a name. Notes the RRsets that the layout cannot have. */
  #valuesOf(stored: NamedRrsets): NameKeys['values'] {
    const { views, prefix } = this.#parts;
    const zone = views.zones.get(this.#zone)?.value;
    const values: NameKeys['values'] = new Map();
    if (zone === undefined || views.zones.zoneBelow(zone.name, stored.name) !== undefined) return values;
    for (const rrset of views.zones.withTtls(zone, stored)) {
      if (rrset.manager === 'skydns') continue;
      const what = `${stored.name} ${rrset.type}`;
      try {
        const more = ownValues({ prefix, zone: zone.name, owner: stored.name }, rrset);
        if (values.size + more.size > maxKeys)
          throw new InvalidValue(`the name has more than ${maxKeys} values: one transaction has no room for them`);
        for (const [key, value] of more) values.set(key, { value, what });
      } catch (error) {
        if (!(error instanceof InvalidValue)) throw error;
        this.#leaveOut(what, error.message);
      }
    }
    return values;
  }

  #leaveOut(what: string, reason: string): void {
    const { count, first } = this.#state.leftOut;
    if (first.some((one) => one.what === what)) return;
    const named = first.length < maxNamedFaults ? [...first, { what, reason }] : first;
    this.#state = { ...this.#state, leftOut: { count: count + 1, first: named } };
    if (named !== first) this.#parts.logger.warn({ name: what, reason }, 'an RRset has no values in the SkyDNS layout');
  }

  /** Yields the stored names of the zone, from the position in the state on. */
  async *#stored(
    isWanted = (_: string) => true,
  ): AsyncGenerator<NamedRrsets & { key: string; modified: Entry['modified'] }> {
    const { store, views } = this.#parts;
    const prefix = namesPrefix(this.#zone, this.#state.settings.generation);
    let from = this.#state.position;
    do {
      const page = await store.list(prefix, { limit: pageSize, ...(from && { from }) });
      const newest = page.entries.reduce((last, { modified }) => (modified > last ? modified : last), noRevision);
      await untilReached(views, newest);
      for (const { key, value, modified } of page.entries) {
        const stored = isWanted(value) && nameKind.parse(key) ? nameValue.decodeIfReadable(value) : undefined;
        if (stored) yield { ...stored, key, modified };
      }
      from = page.next;
    } while (from !== undefined);
  }

  async #commit(transaction: Transaction) {
    this.#signal.throwIfAborted();
    const result = await this.#parts.store.commit(transaction);
    if (!result.committed) await this.#requireUnchanged();
    return result;
  }

  async #requireUnchanged(): Promise<void> {
    const { committed } = await this.#parts.store.commit({ compares: [this.#unchanged], operations: [] });
    if (!committed) throw new Interrupted(`the zone ${this.#zone} was changed meanwhile`);
  }
}
