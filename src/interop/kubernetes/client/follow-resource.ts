// Follows the objects of one resource in a cluster. What it promises:
//
// - `replaced` is called first, with all objects. Afterwards `changed` and `deleted` are called in the order of the
//   server's changes, each for one object.
// - If changes may have been missed (410, a restored server, an outage), all objects are listed again: `deleted` is
//   called for each that has gone meanwhile or was replaced by one with another UID, then `replaced` with all objects.
// - A stream that sends nothing for 2.5 minutes is dead: servers send a bookmark each minute. All objects are listed
//   again then.
// - It goes on for ever, with pauses of up to 30 seconds after failures, until `close`. It never rejects. `state` says
//   whether the server is in contact.
// - It keeps no objects, only the name and UID of each. The callbacks are synchronous. If one throws, which is a bug,
//   the error is logged and all objects are listed again.
//
// Needs the rights `list` and `watch`. Tests: test/interop/kubernetes/follow.test.ts, test/kubernetes/follow.test.ts.

import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../../../model/logger.ts';
import { messageOf, stackOf } from '../../../model/thrown.ts';
import { TroubleLog } from '../../../model/trouble-log.ts';
import { type ApiObject, identityOf, type ObjectIdentity, type Resource } from './api-object.ts';
import type { KubernetesApi, Selection, WatchEvent } from './kubernetes-api.ts';
import { isCode, KubernetesError, MalformedAnswer } from './kubernetes-error.ts';
import { type RetryTimes, retryPause, retryTimes } from './retry-pause.ts';

export interface FollowOptions<T> extends Selection {
  api: KubernetesApi;
  resource: Resource;
  /**
   * Picks the few fields that are needed. Undefined: the object counts as not there. An object on which this throws
   * counts as not there, with a warning.
   */
  pick(object: ApiObject): T | undefined;
  replaced(objects: readonly T[]): void;
  changed(object: T): void;
  deleted(identity: ObjectIdentity): void;
  logger: Logger;
  /** For tests. */
  times?: Partial<FollowTimes>;
}

export interface FollowTimes extends RetryTimes {
  /** A stream without a line for this time is dead. */
  silenceMilliseconds: number;
  /** After an outage of this time, all objects are listed again: the server may have been restored from a backup. */
  maxResumeMilliseconds: number;
  /** A stream that lasted this long is no failure, however it ended. */
  stableMilliseconds: number;
}

export interface FollowState {
  /** True after the first `replaced`. Then it stays true. */
  readonly isListed: boolean;
  /** Since when the objects are current, in milliseconds since the epoch; undefined while there is no contact. */
  readonly inContactSince: number | undefined;
  /** When the server was last heard, in milliseconds since the epoch. */
  readonly lastHeardAt: number | undefined;
  /** Why there is no contact. With code 404 the server does not have this resource, for example no Gateway API. */
  readonly trouble: Error | undefined;
  /** How many objects are known. */
  readonly objects: number;
  /** How often all objects were listed. */
  readonly lists: number;
}

export interface ResourceFollower {
  readonly state: FollowState;
  /** Stops. No callback is called afterwards. */
  close(): Promise<void>;
}

const defaultTimes: FollowTimes = {
  ...retryTimes,
  silenceMilliseconds: 150_000,
  maxResumeMilliseconds: 10_000,
  stableMilliseconds: 5_000,
};

/** Begins to follow. */
export function followResource<T>(options: FollowOptions<T>): ResourceFollower {
  const follower = new Follower(options);
  const running = follower.run();
  return {
    get state() {
      return follower.state;
    },
    close: async () => {
      follower.stop();
      await running;
    },
  };
}

/** A callback threw. */
class CallbackFailed extends Error {}

/** The refusals that say nothing about the version from which we go on. */
const passingCodes = [401, 403, 404, 429, 503];
/** The answers of servers that have no WatchList, or whose etcd is too old for it. */
const withoutWatchList = [400, 422, 500, 504];

class Follower<T> {
  readonly #options: FollowOptions<T>;
  readonly #times: FollowTimes;
  readonly #stopped = new AbortController();
  readonly #trouble: TroubleLog;
  /** `namespace/name` → UID of each object that the callbacks were told of. */
  #known = new Map<string, string>();
  /** The version of the last event. Undefined: all objects must be listed. */
  #version: string | undefined;
  #hasWatchList = true;
  #failures = 0;
  /** Ends the current attempt if nothing is heard. */
  #silence: NodeJS.Timeout | undefined;
  /** In milliseconds since the epoch. */
  #lastHeardAt: number | undefined;
  /** When contact was lost, on the clock of `performance`; undefined while there is contact. */
  #lostAt: number | undefined;
  #inContactSince: number | undefined;
  #fault: Error | undefined;
  #isListed = false;
  #lists = 0;

  constructor(options: FollowOptions<T>) {
    this.#options = options;
    this.#times = { ...defaultTimes, ...options.times };
    this.#trouble = new TroubleLog(options.logger, {
      begins: 'cannot follow objects of the Kubernetes cluster: trying again',
      over: 'follows objects of the Kubernetes cluster again',
    });
  }

  get state(): FollowState {
    return {
      isListed: this.#isListed,
      inContactSince: this.#inContactSince,
      lastHeardAt: this.#lastHeardAt,
      trouble: this.#fault,
      objects: this.#known.size,
      lists: this.#lists,
    };
  }

  stop(): void {
    this.#stopped.abort();
  }

  /** Resolves after `stop`. */
  async run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const began = performance.now();
      let wait = 0;
      try {
        await this.#attempt();
      } catch (error) {
        if (signal.aborted) return;
        this.#noteFailure(error);
        wait = error instanceof KubernetesError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
      }
      this.#lostAt ??= performance.now();
      // A server that ends each stream at once must not be asked without pauses.
      this.#failures = performance.now() - began >= this.#times.stableMilliseconds ? 0 : this.#failures + 1;
      await delay(retryPause(this.#failures, this.#times, wait), undefined, { signal }).catch(() => undefined);
    }
  }

  /** Follows until the stream ends, which is normal, or fails. */
  async #attempt(): Promise<void> {
    const attempt = new AbortController();
    const signal = AbortSignal.any([this.#stopped.signal, attempt.signal]);
    const { silenceMilliseconds } = this.#times;
    const seconds = silenceMilliseconds / 1000;
    const die = () => {
      // Nobody knows when the connection broke.
      this.#version = undefined;
      attempt.abort(new Error(`the API server has sent nothing for ${seconds} s`));
    };
    this.#silence = setTimeout(die, silenceMilliseconds);
    try {
      const outage = this.#lostAt === undefined ? 0 : performance.now() - this.#lostAt;
      if (outage > this.#times.maxResumeMilliseconds) this.#version = undefined;
      if (this.#version !== undefined) await this.#checkVersion(this.#version, signal);
      else if (!this.#hasWatchList) await this.#list(signal);
      if (this.#version === undefined) await this.#watchList(signal);
      else await this.#watch(this.#version, signal);
    } finally {
      clearTimeout(this.#silence);
      attempt.abort();
    }
  }

  /**
   * Rejects if the server does not know this version: it was restored from a backup, and a watch from the version
   * would be silent.
   */
  async #checkVersion(notOlderThan: string, signal: AbortSignal): Promise<void> {
    const { api, resource } = this.#options;
    await api.list(resource, { ...this.#selection(), notOlderThan, limit: 1, signal }).next();
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { api, resource } = this.#options;
    const found = new Map<string, Found<T>>();
    let version: string | undefined;
    for await (const { items, resourceVersion } of api.list(resource, { ...this.#selection(), signal })) {
      this.#hear();
      version = resourceVersion;
      for (const object of items) this.#find(found, object);
    }
    this.#replace(found, version);
  }

  async #watch(after: string, signal: AbortSignal): Promise<void> {
    const { api, resource } = this.#options;
    const events = await api.watch(resource, { ...this.#selection(), after, signal });
    this.#beginContact();
    for await (const event of events) this.#tell(event);
  }

  /** Lists all objects and follows them, in one stream. */
  async #watchList(signal: AbortSignal): Promise<void> {
    const { api, resource } = this.#options;
    let found: Map<string, Found<T>> | undefined = new Map();
    try {
      for await (const event of await api.watch(resource, { ...this.#selection(), signal })) {
        if (found === undefined) {
          this.#tell(event);
          continue;
        }
        this.#hear();
        if (event.type !== 'BOOKMARK') {
          if (event.type === 'DELETED') found.delete(keyOf(identityOf(event.object)));
          else this.#find(found, event.object);
        } else if (event.endsInitialEvents) {
          this.#replace(found, event.resourceVersion);
          found = undefined;
          this.#beginContact();
        } else throw new KubernetesError(400, { message: 'the API server does not end its list in a watch' });
      }
    } catch (error) {
      if (found !== undefined && isCode(error, ...withoutWatchList)) this.#hasWatchList = false;
      throw error;
    }
  }

  #find(found: Map<string, Found<T>>, object: ApiObject): void {
    const identity = identityOf(object);
    const picked = this.#pick(object);
    if (picked === undefined) found.delete(keyOf(identity));
    else found.set(keyOf(identity), { uid: identity.uid, picked });
  }

  /** Tells of all objects. First tells which ones have gone. */
  #replace(found: ReadonlyMap<string, Found<T>>, version: string | undefined): void {
    const { deleted, replaced } = this.#options;
    this.#call(() => {
      for (const [key, uid] of this.#known) {
        if (found.get(key)?.uid === uid) continue;
        this.#known.delete(key);
        deleted(identityIn(key, uid));
      }
      this.#known = new Map([...found].map(([key, { uid }]) => [key, uid]));
      replaced([...found.values()].map(({ picked }) => picked));
    });
    this.#version = version;
    this.#isListed = true;
    this.#lists += 1;
  }

  #tell(event: WatchEvent): void {
    this.#hear();
    if (event.type === 'BOOKMARK') {
      this.#version = event.resourceVersion;
      return;
    }
    const { object } = event;
    const identity = identityOf(object);
    const key = keyOf(identity);
    const before = this.#known.get(key);
    const picked = event.type === 'DELETED' ? undefined : this.#pick(object);
    this.#call(() => {
      if (before !== undefined && (picked === undefined || before !== identity.uid)) {
        this.#known.delete(key);
        this.#options.deleted(identityIn(key, before));
      }
      if (picked === undefined) return;
      this.#known.set(key, identity.uid);
      this.#options.changed(picked);
    });
    this.#version = object.metadata.resourceVersion;
  }

  #pick(object: ApiObject): T | undefined {
    try {
      return this.#options.pick(object);
    } catch (error) {
      const fields = { ...this.#fields(), object: keyOf(identityOf(object)), reason: messageOf(error) };
      this.#options.logger.warn(fields, 'ignoring an object of the Kubernetes cluster that cannot be read');
      return undefined;
    }
  }

  #call(tell: () => void): void {
    // `stop` may have been called by the callback before.
    this.#stopped.signal.throwIfAborted();
    try {
      tell();
    } catch (error) {
      this.#options.logger.error(
        { ...this.#fields(), reason: stackOf(error) },
        'could not use a change of the cluster',
      );
      throw new CallbackFailed(messageOf(error), { cause: error });
    }
  }

  #hear(): void {
    this.#lastHeardAt = Date.now();
    this.#silence?.refresh();
  }

  #beginContact(): void {
    this.#hear();
    this.#lostAt = undefined;
    this.#inContactSince ??= Date.now();
    this.#fault = undefined;
    this.#trouble.succeeded(this.#fields());
  }

  #noteFailure(error: unknown): void {
    const keepsVersion =
      error instanceof KubernetesError
        ? passingCodes.includes(error.code)
        : !(error instanceof MalformedAnswer || error instanceof CallbackFailed);
    if (!keepsVersion) this.#version = undefined;
    this.#inContactSince = undefined;
    this.#fault = error instanceof Error ? error : new Error(messageOf(error));
    // It is normal that a server no longer has an old version, or that it has no WatchList.
    if (isCode(error, 410, 422))
      this.#options.logger.debug({ ...this.#fields(), reason: messageOf(error) }, 'lists anew');
    else this.#trouble.failed(error, this.#fields());
  }

  #selection(): Selection {
    const { namespace, fieldSelector, labelSelector } = this.#options;
    return {
      ...(namespace !== undefined && { namespace }),
      ...(fieldSelector !== undefined && { fieldSelector }),
      ...(labelSelector !== undefined && { labelSelector }),
    };
  }

  #fields(): object {
    return { resource: this.#options.resource.plural };
  }
}

interface Found<T> {
  uid: string;
  picked: T;
}

/** Names of objects have no slash. */
function keyOf({ namespace, name }: ObjectIdentity): string {
  return `${namespace}/${name}`;
}

function identityIn(key: string, uid: string): ObjectIdentity {
  const [namespace = '', name = ''] = key.split('/');
  return { namespace, name, uid };
}
