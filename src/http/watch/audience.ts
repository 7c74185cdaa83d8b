// An audience: followers with the same filter and rights. They all get the same text.

import type { TokenActor } from '../../control/access/actor.ts';
import { type ChangeFilter, matchesFilter } from '../../control/watch/change-filter.ts';
import { seenChange } from '../../control/watch/seen-change.ts';
import type { Views } from '../../views/views.ts';
import { messageText } from './event-text.ts';
import { type Message, showChange } from './message.ts';

export class Audience {
  readonly #filter: ChangeFilter;
  readonly #actor: TokenActor;
  readonly #views: Views;

  constructor(filter: ChangeFilter, actor: TokenActor, views: Views) {
    this.#filter = filter;
    this.#actor = actor;
    this.#views = views;
  }

  /** Returns the event of a revision as this audience may see it; undefined if it may see none of the changes. */
  eventOf({ revision, changes }: Message): string | undefined {
    const told = changes.flatMap(({ change, text }) => {
      if (!matchesFilter(this.#filter, change, this.#views)) return [];
      const seen = seenChange({ actor: this.#actor, views: this.#views }, change);
      if (seen === undefined) return [];
      return [seen === change ? text : showChange({ views: this.#views }, revision, seen)];
    });
    return told.length === 0 ? undefined : messageText(revision, told);
  }
}
