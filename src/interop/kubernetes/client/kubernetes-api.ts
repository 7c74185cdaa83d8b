// The API of a cluster, as far as we use it: get, list, watch, patch a status, write Events. What it promises:
//
// - Each call rejects with a KubernetesError if the server refuses: with the code, reason and message of its Status. An
//   ERROR event of a watch is the same error. Every other error is one of the connection or of the answer.
// - Each call takes an AbortSignal, and rejects with its reason.
// - After a 401, the credentials are read again and the request is sent once more.
// - A call has an answer after 30 seconds, or rejects. A watch has headers by then, and no limit of time afterwards:
//   follow-resource.ts notices a silent one.
// - Answers have 64 MiB at most, events of a watch 16 MiB. At most eight requests are on their way, besides watches.
//
// Tests: test/interop/kubernetes/kubernetes-api.test.ts, test/kubernetes/api.test.ts.

import type { IncomingMessage } from 'node:http';
import { messageOf } from '../../../model/thrown.ts';
import { ApiConnection, parseAnswer, type Query } from './api-connection.ts';
import { type ApiObject, events, isApiObject, type ObjectIdentity, pathOf, type Resource } from './api-object.ts';
import type { ClusterAccess } from './cluster-access.ts';
import { AnswerTooLarge, KubernetesError, MalformedAnswer } from './kubernetes-error.ts';
import { type EventReference, eventBody, microTime, type NewEvent } from './kubernetes-event.ts';
import { LineSplitter } from './line-splitter.ts';

/** Which objects of a resource: all, or those of a namespace, with these fields and labels. */
export interface Selection {
  namespace?: string;
  fieldSelector?: string;
  labelSelector?: string;
}

export interface ListPage {
  items: ApiObject[];
  /** The version of the whole list, the same on each page: a watch may begin there. */
  resourceVersion: string;
}

export interface ListOptions extends Selection {
  /** How many objects a page has at most. Default: 500. */
  limit?: number;
  /** Default: what is true now. Else nothing older than this version. */
  notOlderThan?: string;
  signal?: AbortSignal;
}

export interface WatchOptions extends Selection {
  /** Changes after this version. Without it: all objects as ADDED first, then a BOOKMARK that ends them (WatchList). */
  after?: string;
  signal?: AbortSignal;
}

export type WatchEvent =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: ApiObject }
  | { type: 'BOOKMARK'; resourceVersion: string; endsInitialEvents: boolean };

/** What to change in an object through its status. Null removes a field. */
export interface StatusPatch {
  status?: unknown;
  metadata?: {
    annotations?: Readonly<Record<string, string | null>>;
    finalizers?: readonly string[];
  };
}

const defaultLimit = 500;
const maxEventBytes = 16_777_216;
const initialEventsEnd = 'k8s.io/initial-events-end';

export class KubernetesApi {
  readonly #connection: ApiConnection;

  constructor(access: ClusterAccess, userAgent = 'zonewright') {
    this.#connection = new ApiConnection(access, userAgent);
  }

  async get(resource: Resource, namespace: string, name: string, signal?: AbortSignal): Promise<ApiObject> {
    const path = pathOf(resource, { namespace, name });
    return objectOf(await this.#connection.json({ method: 'GET', path, signal }));
  }

  /** Yields all objects of one version, page by page. Rejects with 410 if a page comes too late: begin again then. */
  async *list(resource: Resource, options: ListOptions = {}): AsyncGenerator<ListPage> {
    const { namespace, notOlderThan, signal, ...selectors } = options;
    const path = pathOf(resource, namespace === undefined ? {} : { namespace });
    let limit = options.limit ?? defaultLimit;
    const from: Query = notOlderThan ? { resourceVersion: notOlderThan, resourceVersionMatch: 'NotOlderThan' } : {};
    for (let position: Query | undefined = from; position !== undefined; ) {
      const query: Query = { ...selectors, ...position, limit };
      try {
        const { next, ...page } = pageOf(await this.#connection.json({ method: 'GET', path, query, signal }));
        yield page;
        position = next === '' ? undefined : { continue: next };
      } catch (error) {
        if (!(error instanceof AnswerTooLarge) || limit === 1) throw error;
        limit = Math.ceil(limit / 4);
      }
    }
  }

  /**
   * Opens a watch. Resolves when the server has accepted it. The events end when the server ends the stream, which is
   * normal. Iterate over them in any case: that closes the connection.
   */
  async watch(resource: Resource, { namespace, after, signal, ...selectors }: WatchOptions) {
    const path = pathOf(resource, namespace === undefined ? {} : { namespace });
    const begin: Query =
      after === undefined
        ? { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' }
        : { resourceVersion: after };
    const query: Query = { watch: true, allowWatchBookmarks: true, ...begin, ...selectors };
    return readEvents(await this.#connection.open({ method: 'GET', path, query, isWatch: true, signal }), signal);
  }

  /**
   * Patches the status of an object, and its annotations and finalizers, with the right to patch `status` alone
   * (a merge patch: a list replaces the list). Rejects with 409 if the object is no longer at `resourceVersion`, with
   * 422 if another object has the name now, with 404 if none has.
   */
  async patchStatus(
    resource: Resource,
    { namespace, name, uid }: ObjectIdentity,
    resourceVersion: string,
    { status, metadata }: StatusPatch,
    signal?: AbortSignal,
  ): Promise<ApiObject> {
    const path = pathOf(resource, { namespace, name, part: 'status' });
    const value = { metadata: { ...metadata, uid, resourceVersion }, ...(status !== undefined && { status }) };
    const body = { type: 'application/merge-patch+json', value };
    return objectOf(await this.#connection.json({ method: 'PATCH', path, body, signal }));
  }

  /** Writes a new Event. Servers keep one for an hour. */
  async createEvent(event: NewEvent, signal?: AbortSignal): Promise<EventReference> {
    const value = eventBody(event);
    const { namespace, name } = value.metadata;
    const body = { type: 'application/json', value };
    await this.#connection.json({ method: 'POST', path: pathOf(events, { namespace }), body, signal });
    return { namespace, name };
  }

  /**
   * Says that the same happened again. `count`: how often in all, at least two; `at`: when last. Rejects with 404 if
   * the server no longer keeps the Event: create one then.
   */
  async patchEventSeries(
    { namespace, name }: EventReference,
    { count, at }: { count: number; at: number },
    signal?: AbortSignal,
  ): Promise<void> {
    const value = { series: { count, lastObservedTime: microTime(at) } };
    const body = { type: 'application/merge-patch+json', value };
    await this.#connection.json({ method: 'PATCH', path: pathOf(events, { namespace, name }), body, signal });
  }

  /** Closes all connections but those of watches, which their signals end. */
  close(): void {
    this.#connection.close();
  }
}

function objectOf(answer: unknown): ApiObject {
  if (!isApiObject(answer)) throw new MalformedAnswer('the API server sent an object without metadata');
  return answer;
}

function pageOf(answer: unknown): ListPage & { next: string } {
  const { items, metadata } = answer as {
    items?: unknown;
    metadata?: { resourceVersion?: string; continue?: string };
  };
  const { resourceVersion, continue: next = '' } = metadata ?? {};
  if (typeof resourceVersion !== 'string') throw new MalformedAnswer('the API server sent a list without a version');
  // Some servers send null for an empty list.
  return { items: ((items ?? []) as unknown[]).map(objectOf), resourceVersion, next };
}

/** Yields the events of a watch. Throws the error of an ERROR event. */
async function* readEvents(response: IncomingMessage, signal?: AbortSignal): AsyncGenerator<WatchEvent, void> {
  const lines = new LineSplitter(maxEventBytes);
  try {
    for await (const chunk of response as AsyncIterable<Buffer>)
      for (const line of lines.push(chunk)) yield eventOf(parseAnswer(line));
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (error instanceof KubernetesError || error instanceof MalformedAnswer) throw error;
    throw new Error(`the watch broke off: ${messageOf(error)}`, { cause: error });
  }
  if (lines.isWithinLine) throw new MalformedAnswer('the watch ended within an event');
}

function eventOf(event: unknown): WatchEvent {
  const { type, object } = event as { type?: unknown; object?: unknown };
  if (type === 'ERROR') {
    const status = object as { code?: number; reason?: string; message?: string };
    throw new KubernetesError(status?.code ?? 500, status ?? {});
  }
  if (type === 'BOOKMARK') {
    const { resourceVersion, annotations } = (object as Partial<ApiObject>)?.metadata ?? {};
    if (typeof resourceVersion !== 'string')
      throw new MalformedAnswer('the API server sent a bookmark without a version');
    return { type, resourceVersion, endsInitialEvents: annotations?.[initialEventsEnd] === 'true' };
  }
  if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED') return { type, object: objectOf(object) };
  throw new MalformedAnswer(`the API server sent a watch event of type ${String(type)}`);
}
