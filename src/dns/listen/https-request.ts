// Answers one request of DNS over HTTPS (RFC 8484 §4).

import { constants, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { HandedOnKind } from '../respond/hand-on.ts';
import { maxMessage } from '../wire/max-message.ts';
import { cacheControl } from './cache-control.ts';
import { growBuffer, initialLength } from './grow-buffer.ts';
import type { HttpsConnection } from './https-connection.ts';
import { counterCell } from './listen-counters.ts';
import type { StreamAnswering } from './tcp-connection.ts';

const path = '/dns-query';
const mediaType = 'application/dns-message';
const methods = 'GET, HEAD, POST';
/** The most octets of incomplete request bodies on one connection. */
const maxPending = 2 * maxMessage;

/** A request with the parts that are needed to answer it. */
interface HttpsRequest {
  readonly request: Http2ServerRequest;
  readonly response: Http2ServerResponse;
  readonly connection: HttpsConnection;
  readonly shared: StreamAnswering;
  /** Milliseconds in which the body must arrive. */
  readonly patience: number;
}

interface ErrorResponse {
  readonly status: number;
  readonly reason: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const errors = {
  noQuery: { status: 400, reason: 'this is no DNS query' },
  noParameter: { status: 400, reason: `the parameter dns must be one ${mediaType} in base64url` },
  place: { status: 404, reason: `DNS is at ${path}` },
  method: { status: 405, reason: `use ${methods}`, headers: { allow: methods } },
  slow: { status: 408, reason: 'the body did not come in time' },
  tooLarge: { status: 413, reason: `a DNS message has ${maxMessage} octets at most` },
  // This is rarely sent: node:http refuses headers over 16 KiB, and nghttp2 ends a connection with a field over 64 KiB.
  tooLong: { status: 414, reason: `a DNS message has ${maxMessage} octets at most` },
  mediaType: { status: 415, reason: `send ${mediaType}` },
  tooMany: { status: 429, reason: 'too many unfinished requests' },
} satisfies Record<string, ErrorResponse>;

export function answerRequest(http: HttpsRequest): void {
  const { request, response, shared } = http;
  shared.counters.add(counterCell.httpsReceived);
  // An error means that the client has gone. Without a listener, the error would end the thread.
  request.on('error', () => undefined);
  response.on('error', () => undefined);
  const [place, ...query] = request.url.split('?');
  if (place !== path) sendError(http, errors.place);
  else if (request.method === 'POST') answerPost(http);
  else if (request.method === 'GET' || request.method === 'HEAD') answerGet(http, query.join('?'));
  else sendError(http, errors.method);
}

function answerGet(http: HttpsRequest, query: string): void {
  const message = decodeParameter(query);
  if (message === undefined) sendError(http, errors.noParameter);
  else if (message.length > maxMessage) sendError(http, errors.tooLong);
  else answer(http, message);
}

function answerPost(http: HttpsRequest): void {
  const { 'content-type': type = '', 'content-length': announced = '0' } = http.request.headers;
  if (type.split(';', 1)[0]?.trim().toLowerCase() !== mediaType) sendError(http, errors.mediaType);
  else if (Number(announced) > maxMessage) sendError(http, errors.tooLarge);
  else receive(http);
}

/**
 * Decodes the parameter `dns` (RFC 8484 §4.1): base64url without padding (RFC 4648 §5). Returns undefined if the
 * parameter is missing, repeated or malformed.
 */
function decodeParameter(query: string): Uint8Array | undefined {
  const [encoded, ...more] = new URLSearchParams(query).getAll('dns');
  if (encoded === undefined || more.length > 0 || !/^[\w-]+$/.test(encoded) || encoded.length % 4 === 1)
    return undefined;
  return Buffer.from(encoded, 'base64url');
}

function receive(http: HttpsRequest): void {
  const { request, connection, patience } = http;
  let body: Uint8Array = new Uint8Array(initialLength);
  let length = 0;

  function stop(): void {
    clearTimeout(deadline);
    connection.pending -= length;
    length = 0;
    request.off('data', add).off('end', end).off('close', stop);
  }
  function add(chunk: Uint8Array): void {
    const whole = length + chunk.length;
    if (whole > maxMessage) {
      stop();
      sendError(http, errors.tooLarge);
      return;
    }
    if (connection.pending + chunk.length > maxPending) {
      stop();
      sendError(http, errors.tooMany);
      return;
    }
    body = growBuffer(body, length, whole, maxMessage);
    body.set(chunk, length);
    length = whole;
    connection.pending += chunk.length;
  }
  function end(): void {
    const message = body.subarray(0, length);
    stop();
    answer(http, message);
  }
  const deadline = setTimeout(() => {
    stop();
    sendError(http, errors.slow);
  }, patience);
  request.on('data', add).on('end', end).on('close', stop);
}

function answer(http: HttpsRequest, message: Uint8Array): void {
  const { connection, shared } = http;
  const { answerer, out } = shared;
  const room = out.subarray(0, maxMessage);
  connection.from.handOn = (kind, query, length) => handOn(http, kind, query.subarray(0, length));
  answerer.wake();
  const length = answerer.respond(message, message.length, room, connection.from);
  answerer.sleep();
  if (length > 0) sendMessage(http, Buffer.from(room.subarray(0, length)));
  else if (length === 0) sendError(http, errors.noQuery);
}

/** Hands the query on. The request stays open for the late answer. */
function handOn(http: HttpsRequest, kind: HandedOnKind, message: Uint8Array): boolean {
  const { response, connection } = http;
  let open = true;
  response.on('close', () => {
    open = false;
  });
  return connection.answers.handOn(
    { kind, message, client: connection.from, port: connection.port },
    {
      deliver: (late) => {
        if (open) sendMessage(http, Buffer.from(late));
        open = false;
        return true;
      },
      end: () => {
        if (open) sendError(http, errors.noQuery);
        connection.endIfFinished();
      },
    },
  );
}

function sendMessage({ request, response, connection, shared }: HttpsRequest, answered: Buffer): void {
  const { counters, connections } = shared;
  response.writeHead(200, {
    'content-type': mediaType,
    'content-length': answered.length,
    'cache-control': cacheControl(answered),
  });
  counters.add(counterCell.httpsAnswered);
  // An answer counts as activity only when it has been sent: a client that does not read is idle.
  response.on('finish', () => connections.touch(connection));
  if (request.method === 'HEAD') response.end();
  else response.end(answered);
}

function sendError({ request, response }: HttpsRequest, { status, reason, headers }: ErrorResponse): void {
  // The rest of a refused body is not read. HTTP/2 closes the stream. HTTP/1.1 has no other way to stop the client than
  // to close the connection.
  const first = request.httpVersionMajor === 1;
  const unread = !request.complete && (first ? hasBody(request) : !request.stream.endAfterHeaders);
  const text = `${reason}\n`;
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    ...headers,
    ...(first && unread && { connection: 'close' }),
  });
  response.end(text);
  if (!first && unread) response.stream.close(constants.NGHTTP2_NO_ERROR);
}

/** Returns whether an HTTP/1.1 request has a body (RFC 9112 §6). */
function hasBody({ headers }: Http2ServerRequest): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}
