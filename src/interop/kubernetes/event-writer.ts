// Tells users in Kubernetes Events what happened to their objects. The same fault of an object is told once: if it
// comes back after it was over, the series of its Event goes on. Events are for people: a failure to write one is only
// logged.

import type { Logger } from '../../model/logger.ts';
import { TroubleLog } from '../../model/trouble-log.ts';
import type { KubernetesApi } from './client/kubernetes-api.ts';
import { isCode } from './client/kubernetes-error.ts';
import type { EventReference, EventSubject } from './client/kubernetes-event.ts';

/** What happened to an object. */
export interface Happening {
  /** What of the object it is about, for example one of its names. */
  about: string;
  type: 'Normal' | 'Warning';
  /** Why, in one word of CamelCase. */
  reason: string;
  /** What we tried, in one word of CamelCase. */
  action: string;
  note: string;
}

interface Told {
  note: string;
  count: number;
  lasts: boolean;
  reference?: EventReference;
}

interface Waiting {
  subject: EventSubject;
  happening: Happening;
  told: Told;
  at: number;
}

type EventsApi = Pick<KubernetesApi, 'createEvent' | 'patchEventSeries'>;

const controller = 'zonewright.io/controller';
/** The limit for Events that wait to be written. Of more, the newest are left out. */
const maxWaiting = 10_000;
/** How many Events are written at the same time: status patches come first. */
const atOnce = 2;

export class EventWriter {
  readonly #api: EventsApi;
  readonly #instance: string;
  readonly #signal: AbortSignal;
  readonly #trouble: TroubleLog;
  /** UID → reason and what it is about → what was told. */
  readonly #told = new Map<string, Map<string, Told>>();
  readonly #waiting: Waiting[] = [];
  #writing = 0;

  constructor(api: EventsApi, { instance, logger, signal }: { instance: string; logger: Logger; signal: AbortSignal }) {
    this.#api = api;
    this.#instance = instance;
    this.#signal = signal;
    this.#trouble = new TroubleLog(logger, {
      begins: 'cannot write Events in the Kubernetes cluster',
      over: 'writes Events in the Kubernetes cluster again',
    });
  }

  /** Tells what lasts now for an object. What was told before and still lasts is not told again. */
  tellLasting(subject: EventSubject, happenings: readonly Happening[]): void {
    const known = this.#told.get(subject.uid) ?? new Map<string, Told>();
    const lasting = new Set(happenings.map(keyOf));
    for (const [key, told] of known) if (!lasting.has(key)) told.lasts = false;
    for (const happening of happenings) {
      const told = known.get(keyOf(happening));
      if (told?.lasts && told.note === happening.note) continue;
      const next = told?.note === happening.note ? told : { note: happening.note, count: 0, lasts: true };
      next.lasts = true;
      next.count += 1;
      known.set(keyOf(happening), next);
      this.#add({ subject, happening, told: next, at: Date.now() });
    }
    if (known.size > 0) this.#told.set(subject.uid, known);
  }

  /** Forgets an object that has gone. */
  forget(uid: string): void {
    this.#told.delete(uid);
  }

  #add(event: Waiting): void {
    if (this.#waiting.length < maxWaiting) this.#waiting.push(event);
    while (this.#writing < atOnce && this.#waiting.length > 0) void this.#write();
  }

  /** Writes Events until none waits. Never rejects. */
  async #write(): Promise<void> {
    this.#writing += 1;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (this.#signal.aborted) break;
      try {
        await this.#send(next);
        this.#trouble.succeeded();
      } catch (error) {
        if (!this.#signal.aborted && !isCode(error, 404)) this.#trouble.failed(error);
      }
    }
    this.#writing -= 1;
  }

  async #send({ subject, happening, told, at }: Waiting): Promise<void> {
    if (told.reference !== undefined && told.count > 1) {
      try {
        await this.#api.patchEventSeries(told.reference, { count: told.count, at }, this.#signal);
        return;
      } catch (error) {
        // The server keeps an Event for an hour.
        if (!isCode(error, 404)) throw error;
      }
    }
    const { about: _, ...what } = happening;
    const event = { regarding: subject, ...what, controller, instance: this.#instance, at };
    told.reference = await this.#api.createEvent(event, this.#signal);
  }
}

function keyOf({ reason, about }: Happening): string {
  return `${reason} ${about}`;
}
