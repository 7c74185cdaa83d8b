// Sends HTTPS requests to an API server: bounded sockets that are kept open, credentials that rotate, answers with a
// limited size. kubernetes-api.ts knows what is asked.

import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { messageOf } from '../../../model/thrown.ts';
import type { ClusterAccess, Credentials } from './cluster-access.ts';
import { AnswerTooLarge, errorOfAnswer, MalformedAnswer } from './kubernetes-error.ts';

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface ApiRequest {
  method: 'GET' | 'POST' | 'PATCH';
  path: string;
  query?: Query;
  body?: { type: string; value: unknown };
  /** A watch: has a socket of its own, and no limit of time after the headers. */
  isWatch?: boolean;
  signal?: AbortSignal | undefined;
}

/** How long the server may take: for the headers of a watch, for any other answer as a whole. */
const answerMilliseconds = 30_000;
const maxAnswerBytes = 67_108_864;
const maxErrorBytes = 65_536;
/** Connections for requests. More requests wait for a free one. Watches do not count. */
const maxSockets = 8;
/** A connection without a request is closed after this time. API servers close theirs after 90 s or later. */
const idleMilliseconds = 60_000;

export class ApiConnection {
  readonly #access: ClusterAccess;
  readonly #agent = new Agent({ keepAlive: true, maxSockets, maxFreeSockets: 2, timeout: idleMilliseconds });
  readonly #userAgent: string;

  constructor(access: ClusterAccess, userAgent: string) {
    this.#access = access;
    this.#userAgent = userAgent;
  }

  /** Returns the JSON of the answer. Rejects with a KubernetesError if the server refuses. */
  async json(wanted: ApiRequest): Promise<unknown> {
    const response = await this.open(wanted);
    return parseAnswer((await readBody(response, maxAnswerBytes, wanted.signal)).toString('utf8'));
  }

  /**
   * Returns the answer when its headers have come with a 2xx. After a 401 asks once more, with credentials read anew.
   * The caller reads the body, or destroys it.
   */
  async open(wanted: ApiRequest): Promise<IncomingMessage> {
    for (let isFirst = true; ; isFirst = false) {
      wanted.signal?.throwIfAborted();
      const credentials = await this.#access.credentials();
      const response = await this.#send(wanted, credentials);
      const code = response.statusCode as number;
      if (code >= 200 && code < 300) return response;
      const body = await readBody(response, maxErrorBytes, wanted.signal);
      if (code === 401) this.#access.reject(credentials);
      if (code !== 401 || !isFirst) throw errorOfAnswer(code, body.toString('utf8'), response.headers['retry-after']);
    }
  }

  /** Closes all connections. */
  close(): void {
    this.#agent.destroy();
  }

  /** Sends the request. Sends it again, on a new connection, if the server had just closed the one that was open. */
  async #send(wanted: ApiRequest, credentials: Credentials): Promise<IncomingMessage> {
    const first = await this.#sendOnce(wanted, credentials, wanted.isWatch ? false : this.#agent);
    return first ?? ((await this.#sendOnce(wanted, credentials, false)) as IncomingMessage);
  }

  /** `agent` false: a connection for this request alone. Resolves with undefined if a kept connection was closed. */
  #sendOnce(wanted: ApiRequest, { server, tls, token }: Credentials, agent: Agent | false) {
    const { method, path, query = {}, body, isWatch = false, signal } = wanted;
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage | undefined>();
    const text = body === undefined ? undefined : Buffer.from(JSON.stringify(body.value));
    const sent = request({
      ...tls,
      agent,
      ...(signal && { signal }),
      method,
      // Node takes an IPv6 address without its brackets.
      host: server.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: server.port || 443,
      path: `${server.pathname.replace(/\/$/, '')}${path}${textOfQuery(query)}`,
      headers: {
        host: server.host,
        accept: 'application/json',
        'user-agent': this.#userAgent,
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body && text && { 'content-type': body.type, 'content-length': text.length }),
      },
    });
    const late = () => sent.destroy(new Error(`does not answer within ${answerMilliseconds / 1000} s`));
    const timer = setTimeout(late, answerMilliseconds);
    sent.once('response', (response) => {
      if (isWatch) clearTimeout(timer);
      resolve(response);
    });
    sent.on('error', (error) => {
      const wasClosed = sent.reusedSocket && ['ECONNRESET', 'EPIPE'].includes((error as { code?: string }).code ?? '');
      if (wasClosed && !signal?.aborted) resolve(undefined);
      else reject(signal?.aborted ? signal.reason : new Error(`${server.host}: ${messageOf(error)}`, { cause: error }));
    });
    sent.once('close', () => {
      clearTimeout(timer);
      // Node emits neither an error nor a response if the server closes the connection at once in some cases.
      reject(new Error(`${server.host}: closed the connection`));
    });
    sent.end(text);
    return promise;
  }
}

/** Parses the JSON of the server. */
export function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new MalformedAnswer('the API server sent something that is not JSON');
  }
}

async function readBody(response: IncomingMessage, maxBytes: number, signal?: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      // Leaving the loop destroys the response.
      if (bytes > maxBytes) throw new AnswerTooLarge(`the answer of the API server has more than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (error instanceof AnswerTooLarge) throw error;
    throw new Error(`the answer of the API server broke off: ${messageOf(error)}`, { cause: error });
  }
  return Buffer.concat(chunks, bytes);
}

function textOfQuery(query: Query): string {
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]));
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
}
