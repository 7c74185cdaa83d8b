// Implements the store in etcd, for several machines. Only this file uses the package etcd3, and only its plain RPC
// clients: its builders lack some requests, and its watcher skips changes while it reconnects. Mapping of keys:
// key-space.ts. Turning the responses of a watch into changes: change-collector.ts.

import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { rootCertificates } from 'node:tls';
import { Etcd3, type ICompare, type IOptions, type IRequestOp, type IWatchResponse, type WatchClient } from 'etcd3';
import type { Logger } from '../model/logger.ts';
import { after, type Revision } from '../model/revision.ts';
import { ChangeCollector, entryOf } from './change-collector.ts';
import { checkTransaction } from './check-transaction.ts';
import { MessageTooLarge, meaningOf, reasonOf, wasNeverSent } from './etcd-faults.ts';
import { EtcdHistory } from './etcd-history.ts';
import { fullKey, type KeyRange, knownKey, rangeOf, successor } from './key-space.ts';
import { LeaseGuard } from './lease-guard.ts';
import { keyAhead, PagePace } from './page-pace.ts';
import {
  type Change,
  type CommitResult,
  Compacted,
  type Compare,
  type Entry,
  HistoryLost,
  LeaseGone,
  type LeaseId,
  type ListOptions,
  type Operation,
  OutcomeUnknown,
  type Page,
  type Store,
  type StoreEvent,
  StoreUnavailable,
  type Transaction,
  type WatchOptions,
} from './store.ts';

export interface EtcdOptions {
  /** `http://host:port` or `https://host:port`, one or more. An endpoint is used until it fails, then the next one. */
  endpoints: string[];
  /** The prefix of relative keys, without a `/` at its end, such as `/zonewright/v1`. */
  prefix: string;
  ca?: Buffer;
  cert?: Buffer;
  key?: Buffer;
  username?: string;
  password?: string;
  logger?: Logger;
  /** How long this thread may be busy before its guarded leases end. Only tests set it. */
  maxBusyMilliseconds?: number;
}

/** Milliseconds for a call with all its attempts (test/store/etcd.test.ts, "fails within five seconds"). */
const callTimeout = 4000;
/** Milliseconds for one attempt if there are several endpoints. */
const attemptTimeout = 2000;
/**
 * The limit of a response, in octets. gRPC refuses a larger one; a list then asks for shorter pages. A watch gets
 * fragments of about 2 MB.
 */
const maxMessage = 64 * 1024 * 1024;
/**
 * How many pages ahead the range of a list's request ends. If this range has too few keys, the range of the next
 * request ends `timesAsFar` times as far ahead.
 */
const pagesAhead = 4;
const timesAsFar = 16;
/** If more changes than this wait for a slow reader, the stream is paused. */
const maxQueue = 1000;

interface EtcdEndpoint {
  url: string;
  client: Etcd3;
}

/** A step of a watch stream: a change or, without events, the revision up to which all changes have been sent. */
type Progress = Change;

type StreamOptions = NonNullable<Parameters<WatchClient['watch']>[0]>;
type Interceptor = NonNullable<StreamOptions['interceptors']>[number];

/**
 * Makes etcd end the stream if the member has no leader. Otherwise a partitioned member would silently send nothing.
 */
const requireLeader: Interceptor = (options, next) => {
  const call = next(options);
  const start = call.start.bind(call);
  call.start = (metadata, listener) => {
    metadata.set('hasleader', 'true');
    start(metadata, listener);
  };
  return call as ReturnType<Interceptor>;
};

/** Opens the store, even if etcd cannot be reached: then calls reject with StoreUnavailable, and watches wait. */
export async function openEtcdStore(options: EtcdOptions): Promise<Store> {
  return new EtcdStore(options);
}

class EtcdStore implements Store {
  readonly #root: string;
  readonly #endpoints: EtcdEndpoint[];
  readonly #logger: Logger | undefined;
  readonly #closing = new AbortController();
  readonly #leaseGuard: LeaseGuard;
  readonly #pace = new PagePace();
  #preferred = 0;
  #history: EtcdHistory;
  /** True: a call or a watch has failed since the history was verified, so etcd may have been restored meanwhile. */
  #mustVerifyHistory = false;
  /** Ends the open watches when the history is lost. */
  readonly #watches = new Set<AbortController>();
  /** A lost history that was found while no watch was open. The next watch throws it. */
  #pendingHistoryLost: HistoryLost | undefined;

  constructor(options: EtcdOptions) {
    this.#root = `${options.prefix}/`;
    this.#history = new EtcdHistory(this.#root);
    this.#endpoints = options.endpoints.map((url) => ({ url, client: new Etcd3(clientOptions(options, url)) }));
    this.#logger = options.logger;
    this.#leaseGuard = new LeaseGuard(options);
  }

  async get(key: string): Promise<Entry | undefined> {
    const response = await this.#call('repeatable', ({ client }, deadline) =>
      client.kv.range({ key: Buffer.from(fullKey(this.#root, key)) }, { deadline }),
    );
    this.#history.note(response.header);
    const kv = response.kvs[0];
    return kv && entryOf(kv, (full) => knownKey(this.#root, full, key));
  }

  async list(prefix: string, options: ListOptions = {}): Promise<Page> {
    const range = rangeOf(this.#root, prefix, options.from);
    for (let limit = options.limit ?? 1000; ; limit = Math.ceil(limit / 2)) {
      try {
        const { found, revision } = await this.#range(range, limit, options.at);
        const entries = found
          .slice(0, limit)
          .map((entry) => ({ ...entry, key: knownKey(this.#root, entry.key, prefix) }));
        const [first, last] = [found[0], found[limit - 1]];
        if (found.length <= limit || first === undefined || last === undefined)
          return { entries, revision, next: undefined };
        const next = successor(last.key);
        this.#pace.note(next, { first: Buffer.from(first.key), last: Buffer.from(last.key) });
        return { entries, revision, next: knownKey(this.#root, next, prefix) };
      } catch (error) {
        if (!(error instanceof MessageTooLarge) || limit <= 1) throw error;
      }
    }
  }

  /**
   * Returns the first entries of the range, with their full keys: `limit` + 1 if there are so many. A later page of a
   * list at one revision is asked for in short ranges (page-pace.ts).
   */
  async #range(range: KeyRange, limit: number, at: Revision | undefined) {
    const { range_end: rangeEnd, ...whole } = bytesOf(range);
    const before = at === undefined ? undefined : this.#pace.before(range.start);
    const found: Entry[] = [];
    for (let [key, factor] = [whole.key, pagesAhead]; ; factor *= timesAsFar) {
      const ahead = before && keyAhead(before, factor);
      const isLast = ahead === undefined || Buffer.compare(ahead, rangeEnd) >= 0;
      const end = isLast ? rangeEnd : ahead;
      const wanted = { key, range_end: end, limit: limit + 1 - found.length, revision: at ?? 0 };
      const response = await this.#call('repeatable', ({ client }, deadline) => client.kv.range(wanted, { deadline }));
      const entries = response.kvs.map((kv) => entryOf(kv, (full) => full));
      this.#history.note(response.header, entries);
      found.push(...entries);
      if (isLast || found.length > limit)
        return { found, revision: at ?? (Number(response.header.revision) as Revision) };
      key = end;
    }
  }

  async count(prefix: string): Promise<number> {
    const range = rangeOf(this.#root, prefix);
    const response = await this.#call('repeatable', ({ client }, deadline) =>
      client.kv.range({ ...bytesOf(range), count_only: true }, { deadline }),
    );
    this.#history.note(response.header);
    return Number(response.count);
  }

  async commit(transaction: Transaction): Promise<CommitResult> {
    checkTransaction(this.#root, transaction);
    const compare = transaction.compares.map((wanted) => this.#compare(wanted));
    const success = transaction.operations.map((operation) => this.#operation(operation));
    const response = await this.#call('once', ({ client }, deadline) =>
      client.kv.txn({ compare, success, failure: [] }, { deadline }),
    );
    this.#history.note(response.header);
    return { committed: response.succeeded, revision: Number(response.header.revision) as Revision };
  }

  async *watch(
    prefix: string,
    from: Revision,
    signal: AbortSignal,
    options: WatchOptions = {},
  ): AsyncGenerator<Change, void, undefined> {
    const pending = this.#pendingHistoryLost;
    this.#pendingHistoryLost = undefined;
    if (pending !== undefined) throw pending;
    const losing = new AbortController();
    const ended = AbortSignal.any([signal, this.#closing.signal, losing.signal]);
    let next = from;
    let pause = 0;
    let away = false;
    this.#watches.add(losing);
    try {
      while (!ended.aborted) {
        try {
          for await (const progress of this.#stream({ prefix, options }, next, ended)) {
            if (away) this.#logger?.info({ next }, 'etcd is back: the watch continues');
            away = false;
            if (progress.revision < next) continue;
            pause = 0;
            next = after(progress.revision);
            if (progress.events.length > 0) yield progress;
          }
        } catch (error) {
          if (ended.aborted) break;
          if (error instanceof Compacted || error instanceof HistoryLost || error instanceof TypeError) throw error;
          const reason = reasonOf(error);
          if (away) this.#logger?.debug({ next, reason }, 'etcd still cannot be reached');
          else
            this.#logger?.warn(
              { next, reason },
              'etcd cannot be reached: names are answered from memory, nothing can be written',
            );
          away = true;
        }
        pause = Math.min(1000, pause * 2 + 50);
        await delay(pause, undefined, { signal: ended }).catch(() => undefined);
      }
    } finally {
      this.#watches.delete(losing);
    }
    losing.signal.throwIfAborted();
  }

  async grantLease(seconds: number): Promise<LeaseId> {
    const response = await this.#call('once', ({ client }, deadline) =>
      client.leaseClient.leaseGrant({ TTL: Math.ceil(seconds) }, { deadline }),
    );
    return response.ID as LeaseId;
  }

  async keepLease(lease: LeaseId): Promise<boolean> {
    return this.#call('repeatable', async ({ client }, deadline) => {
      const stream = await client.leaseClient.leaseKeepAlive({ deadline });
      try {
        return await new Promise<boolean>((resolve, reject) => {
          stream.on('data', (response) => resolve(response.TTL !== '0'));
          stream.on('error', reject);
          stream.on('end', () => reject(new Error('the stream ended')));
          stream.write({ ID: lease });
        });
      } finally {
        stream.end();
        stream.cancel();
      }
    });
  }

  guardLease(lease: LeaseId): () => void {
    return this.#leaseGuard.guard(lease);
  }

  async revokeLease(lease: LeaseId): Promise<void> {
    try {
      await this.#call('repeatable', ({ client }, deadline) =>
        client.leaseClient.leaseRevoke({ ID: lease }, { deadline }),
      );
    } catch (error) {
      if (!(error instanceof LeaseGone)) throw error;
    }
  }

  keepHistory(): () => void {
    return () => {};
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const { client } of this.#endpoints) client.close();
    await this.#leaseGuard.close();
  }

  /**
   * Runs a call against one endpoint after the other. A call with `once` is repeated only if it was certainly not sent:
   * otherwise a commit's first attempt might be carried out, and make the compares of its second attempt fail.
   */
  async #call<T>(
    times: 'once' | 'repeatable',
    run: (endpoint: EtcdEndpoint, deadline: Date) => Promise<T>,
  ): Promise<T> {
    const end = Date.now() + callTimeout;
    const attempts = Math.max(2, this.#endpoints.length);
    for (let attempt = 1; ; attempt++) {
      if (this.#closing.signal.aborted) throw new StoreUnavailable('the store is closed');
      const endpoint = this.#endpoint();
      const share = this.#endpoints.length > 1 ? attemptTimeout : callTimeout;
      const deadline = new Date(Math.min(end, Date.now() + share));
      let started = false;
      try {
        if (this.#mustVerifyHistory) await this.#verifyHistory(endpoint, deadline);
        started = true;
        return await run(endpoint, deadline);
      } catch (error) {
        const meaning = meaningOf(error, endpoint.url);
        if (!(meaning instanceof StoreUnavailable) || meaning instanceof HistoryLost) throw meaning;
        this.#failOver(endpoint);
        const last = attempt >= attempts || Date.now() + 100 > end;
        if (times === 'once' && started && !wasNeverSent(error))
          throw new OutcomeUnknown(meaning.message, { cause: error });
        if (last) throw meaning;
        await delay(Math.min(20 * attempt, 100));
      }
    }
  }

  #endpoint(): EtcdEndpoint {
    return this.#endpoints[this.#preferred]!;
  }

  /**
   * Throws HistoryLost, and ends the watches with it, if etcd has another history than the one that was read before.
   */
  async #verifyHistory({ client, url }: EtcdEndpoint, deadline: Date): Promise<void> {
    const history = this.#history;
    const lost = await history.findLoss((key, revision) =>
      client.kv.range({ key: Buffer.from(key), revision }, { deadline }).catch((error: unknown) => {
        throw meaningOf(error, url);
      }),
    );
    if (lost === undefined) {
      this.#mustVerifyHistory = false;
      return;
    }
    // Several calls at the same time may find the loss. Only the first one reports it.
    if (this.#history === history) {
      this.#history = new EtcdHistory(this.#root);
      this.#mustVerifyHistory = false;
      if (this.#watches.size === 0) this.#pendingHistoryLost = lost;
      for (const watch of this.#watches) watch.abort(lost);
    }
    throw lost;
  }

  /** Makes the next call verify the history. Prefers the next endpoint, if no other call has already left this one. */
  #failOver(endpoint: EtcdEndpoint): void {
    this.#mustVerifyHistory = true;
    if (this.#endpoint() === endpoint) this.#preferred = (this.#preferred + 1) % this.#endpoints.length;
  }

  /** Reads one stream of a watch until it fails. */
  async *#stream(
    { prefix, options }: { prefix: string; options: WatchOptions },
    from: Revision,
    ended: AbortSignal,
  ): AsyncGenerator<Progress, void, undefined> {
    const range = bytesOf(rangeOf(this.#root, prefix));
    // etcd waits silently for a future revision. After a restore from a backup, it could wait forever.
    const { header } = await this.#call('repeatable', ({ client }, deadline) =>
      client.kv.range({ key: range.key, keys_only: true, limit: 1 }, { deadline }),
    );
    if (Number(header.revision) + 1 < from) throw new HistoryLost(`revision ${from} does not exist yet`);

    const endpoint = this.#endpoint();
    const stream = await endpoint.client.watchClient.watch({ interceptors: [requireLeader] });
    const collector = new ChangeCollector((full) => knownKey(this.#root, full, prefix), options);
    const queue: Progress[] = [];
    let failure: unknown;
    let wake = () => {};
    const fail = (reason: unknown) => {
      failure ??= reason;
      wake();
    };
    const aborted = () => fail(new Error('aborted'));
    const opening = setTimeout(() => fail(new Error('etcd did not open the watch')), callTimeout);
    stream.on('data', (response: IWatchResponse) => {
      clearTimeout(opening);
      if (response.canceled) return fail(cancellation(response));
      let changes: Change[];
      try {
        changes = collector.collect(response);
      } catch (error) {
        return fail(error);
      }
      for (const { events } of changes)
        this.#history.note(response.header, entriesOf(events), (key) => fullKey(this.#root, key));
      queue.push(...changes);
      // There are no changes yet, but the watch is open.
      if (response.created) queue.push({ revision: (from - 1) as Revision, events: [] });
      // A progress notification: all changes up to its revision have been sent.
      if (!response.created && response.events.length === 0 && !response.fragment) {
        queue.push({ revision: Number(response.header.revision) as Revision, events: [] });
      }
      if (queue.length > maxQueue) pauseStream(stream, true);
      wake();
    });
    stream.on('error', fail);
    stream.on('end', () => fail(new Error('the stream ended')));
    ended.addEventListener('abort', aborted);
    try {
      if (ended.aborted) return;
      const { previous: prev_kv = false } = options;
      stream.write({
        create_request: { ...range, start_revision: from, fragment: true, progress_notify: true, prev_kv },
      });
      for (;;) {
        while (queue.length > 0) {
          for (const progress of queue.splice(0)) {
            if (ended.aborted) return;
            yield progress;
          }
          pauseStream(stream, false);
        }
        if (failure !== undefined) {
          if (!(failure instanceof Compacted)) this.#failOver(endpoint);
          throw failure;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      clearTimeout(opening);
      ended.removeEventListener('abort', aborted);
      stream.end();
      stream.cancel();
    }
  }

  #compare(wanted: Compare): ICompare {
    if (wanted.kind === 'quiet') {
      return {
        ...bytesOf(rangeOf(this.#root, wanted.prefix)),
        target: 'Mod',
        result: 'Less',
        mod_revision: wanted.since + 1,
      };
    }
    const key = Buffer.from(fullKey(this.#root, wanted.key));
    switch (wanted.kind) {
      case 'absent':
        return { key, target: 'Create', result: 'Equal', create_revision: 0 };
      case 'created':
        return { key, target: 'Create', result: 'Equal', create_revision: wanted.revision };
      case 'modified':
        return { key, target: 'Mod', result: 'Equal', mod_revision: wanted.revision };
      case 'value':
        return { key, target: 'Value', result: 'Equal', value: Buffer.from(wanted.value) };
    }
  }

  #operation(operation: Operation): IRequestOp {
    switch (operation.kind) {
      case 'put':
        return {
          request_put: {
            key: Buffer.from(fullKey(this.#root, operation.key)),
            value: Buffer.from(operation.value),
            lease: operation.lease ?? 0,
          },
        };
      case 'delete':
        return { request_delete_range: { key: Buffer.from(fullKey(this.#root, operation.key)) } };
      case 'delete-prefix':
        return { request_delete_range: bytesOf(rangeOf(this.#root, operation.prefix)) };
    }
  }
}

function cancellation(response: IWatchResponse): Error {
  if (response.compact_revision !== '0') return new Compacted();
  return new Error(`etcd ended the watch: ${response.cancel_reason}`);
}

function* entriesOf(events: StoreEvent[]): Generator<Entry> {
  for (const event of events) if (event.kind === 'put') yield event.entry;
}

function bytesOf(range: KeyRange): { key: Buffer; range_end: Buffer } {
  return { key: Buffer.from(range.start), range_end: Buffer.from(range.end) };
}

/** Pauses or resumes a stream. The types of etcd3 hide that it is a stream of Node. */
function pauseStream(stream: object, pause: boolean): void {
  if (!(stream instanceof Readable)) return;
  if (pause) stream.pause();
  else stream.resume();
}

const neverAborted = new AbortController().signal;

/**
 * Returns the options of the client of one endpoint. The client does not retry and has no circuit breaker: #call
 * retries, since it knows which calls may be repeated.
 */
function clientOptions(options: EtcdOptions, endpoint: string): IOptions {
  const callThrough = {
    _altReturn: undefined as never,
    onSuccess: () => ({ dispose: () => undefined }),
    onFailure: () => ({ dispose: () => undefined }),
    execute: async <T>(call: (context: { signal: AbortSignal }) => PromiseLike<T> | T): Promise<T> =>
      call({ signal: neverAborted }),
  };
  const secure = endpoint.startsWith('https://');
  return {
    hosts: endpoint,
    ...(secure && (options.ca || options.cert) ? { credentials: credentialsOf(options) } : {}),
    ...(options.username === undefined
      ? {}
      : { auth: { username: options.username, password: options.password ?? '' } }),
    defaultCallOptions: (context) => (context.isStream ? {} : { deadline: Date.now() + attemptTimeout }),
    faultHandling: { global: callThrough, host: () => callThrough },
    grpcOptions: {
      'grpc.max_receive_message_length': maxMessage,
      'grpc.max_send_message_length': -1,
      // Finds dead connections of idle watches. etcd closes connections with more than one ping every 5 s.
      'grpc.keepalive_time_ms': 7000,
      'grpc.keepalive_timeout_ms': 4000,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 1000,
      'grpc.enable_http_proxy': 0,
    },
  };
}

function credentialsOf({ ca, cert, key }: EtcdOptions): NonNullable<IOptions['credentials']> {
  return {
    rootCertificate: ca ?? Buffer.from(rootCertificates.join('\n')),
    ...(key && cert ? { privateKey: key, certChain: cert } : {}),
  };
}
