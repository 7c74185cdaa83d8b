// Brings the keys of a zone in the SkyDNS layout up to date, after its settings changed or an import replaced its
// names. First deletes the keys that are left over, then writes the keys of all names, many in one transaction. Every
// other write of the zone writes its own keys meanwhile. The state of the zone tells how much is done, so that another
// leader can continue the work.

import { isDeepStrictEqual } from 'node:util';
import { untilReached } from '../../control/reading/until-reached.ts';
import type { ForeignValues } from '../../control/skydns/foreign-values.ts';
import { mirrorName } from '../../control/skydns/mirror-name.ts';
import { isWantedKey } from '../../control/skydns/wanted-keys.ts';
import { InvalidValue } from '../../model/invalid-value.ts';
import type { Fqdn } from '../../model/name.ts';
import { noRevision } from '../../model/revision.ts';
import type { NamedRrsets } from '../../model/rrset.ts';
import { skydnsKey, skydnsPrefixBelow } from '../../model/skydns/key.ts';
import { ownValues } from '../../model/skydns/own-values.ts';
import { isOwnValue } from '../../model/skydns/service.ts';
import { maxNamedFaults, newState, noFaults, type SkydnsSettings, type SkydnsState } from '../../model/skydns/state.ts';
import { nameKind, namesPrefix, nameValue } from '../../store/kinds/name.ts';
import { skydnsStateKey } from '../../store/kinds/skydns.ts';
import { zoneKey } from '../../store/kinds/zone.ts';
import { type Compare, type Entry, maxOperations, type Operation, type Transaction } from '../../store/store.ts';
import type { SkydnsParts } from './parts.ts';
import type { SkydnsStates } from './states.ts';

const pageSize = 500;
/** The limit for the keys of one transaction. */
const maxKeys = 100;
/** Well below the 1.5 MiB that etcd accepts in one request. */
const maxCharacters = 256 * 1024;
/** The limit for attempts to write one name that others write at the same time. */
const maxTries = 20;

/** The parts that the leader has. `foreign`: the keys of others. */
export interface LeaderParts {
  parts: SkydnsParts;
  states: SkydnsStates;
  foreign: Pick<ForeignValues, 'has'>;
}

/** The error of work on a zone that was changed meanwhile: the work must begin again or continue. */
export class Interrupted extends Error {}

/** Returns the settings that decide which keys the zone has. */
export function settingsOf({ views }: Pick<SkydnsParts, 'views'>, zone: Fqdn): SkydnsSettings {
  const { skydns = false, generation = 0, defaultTtl = 0 } = views.zones.get(zone)?.value ?? {};
  return { on: skydns, generation, defaultTtl };
}

export class OwnKeys {
  readonly #parts: SkydnsParts;
  readonly #states: SkydnsStates;
  readonly #foreign: Pick<ForeignValues, 'has'>;
  readonly #zone: Fqdn;
  readonly #signal: AbortSignal;
  /** The compare that holds while the zone is as it was when the work began. */
  readonly #unchanged: Compare;
  #state: SkydnsState;

  constructor({ parts, states, foreign }: LeaderParts, zone: Fqdn, signal: AbortSignal) {
    this.#parts = parts;
    this.#states = states;
    this.#foreign = foreign;
    this.#zone = zone;
    this.#signal = signal;
    const key = zoneKey(zone);
    const current = parts.views.zones.get(zone);
    this.#unchanged = current ? { kind: 'modified', key, revision: current.modified } : { kind: 'absent', key };
    const settings = settingsOf(parts, zone);
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
    // A key that was written meanwhile is wanted, or the zone was changed.
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
    const batch = new KeyBatch(this.#unchanged);
    const send = async () => {
      const { names, transaction } = batch.take();
      if (names.length === 0 || (await this.#commit(transaction)).committed) return;
      for (const name of names) await this.#writeAlone(name);
    };
    let seen = 0;
    for await (const name of this.#stored()) {
      const values = this.#valuesOf(name);
      if (!batch.hasRoom(values)) await send();
      batch.add(name.key, name.modified, values);
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
      const batch = new KeyBatch(this.#unchanged);
      batch.add(key, entry.modified, this.#valuesOf(stored));
      if ((await this.#commit(batch.take().transaction)).committed) return;
      await this.#requireUnchanged();
    }
    throw new Interrupted(`others write ${key} all the time`);
  }

  /** Returns the values of a name. Notes the RRsets that the layout cannot have. */
  #valuesOf(stored: NamedRrsets): Map<string, string> {
    const { views, prefix } = this.#parts;
    const zone = views.zones.get(this.#zone)?.value;
    const values = new Map<string, string>();
    if (zone === undefined) return values;
    for (const rrset of views.zones.withTtls(zone, stored)) {
      if (rrset.manager === 'skydns') continue;
      try {
        const more = ownValues({ prefix, zone: zone.name, owner: stored.name }, rrset);
        if (values.size + more.size > maxKeys)
          throw new InvalidValue(`the name has more than ${maxKeys} values: one transaction has no room for them`);
        const taken = more.keys().find((key) => this.#foreign.has(key));
        if (taken !== undefined) throw new InvalidValue(`others have a value at the key ${taken}`);
        for (const [key, value] of more) values.set(key, value);
      } catch (error) {
        if (!(error instanceof InvalidValue)) throw error;
        this.#leaveOut(`${stored.name} ${rrset.type}`, error.message);
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

/** A transaction that writes the keys of several names, if these names are as they were read. */
class KeyBatch {
  readonly #unchanged: Compare;
  #compares: Compare[] = [];
  #operations: Operation[] = [];
  #characters = 0;

  constructor(unchanged: Compare) {
    this.#unchanged = unchanged;
  }

  hasRoom(values: ReadonlyMap<string, string>): boolean {
    const fits = this.#operations.length + values.size <= maxKeys && this.#compares.length < maxOperations - 1;
    return fits && this.#characters + charactersOf(values) <= maxCharacters;
  }

  add(name: string, revision: Entry['modified'], values: ReadonlyMap<string, string>): void {
    if (values.size === 0) return;
    this.#compares.push({ kind: 'modified', key: name, revision });
    for (const [key, value] of values) this.#operations.push({ kind: 'put', key, value });
    this.#characters += charactersOf(values);
  }

  /** Returns the transaction and the keys of its names. Then begins an empty transaction. */
  take(): { names: string[]; transaction: Transaction } {
    const transaction = { compares: [this.#unchanged, ...this.#compares], operations: this.#operations };
    const names = this.#compares.flatMap((compare) => (compare.kind === 'modified' ? [compare.key] : []));
    this.#compares = [];
    this.#operations = [];
    this.#characters = 0;
    return { names, transaction };
  }
}

function charactersOf(values: ReadonlyMap<string, string>): number {
  return [...values.values()].reduce((sum, { length }) => sum + length, 0);
}
