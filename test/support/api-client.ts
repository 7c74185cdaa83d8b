// A client of the API for tests: supertest with the admin token, and checks of the answers. Every answer must be as
// openapi/openapi.json describes it.

import assert from 'node:assert/strict';
import supertest, { type Response } from 'supertest';
import { type ErrorCode, errorCodes } from '../../src/errors.ts';
import { assertDescribed } from './described-answer.ts';
import { isStream, type Message, readBeginning } from './stream-beginning.ts';

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ErrorCode;
  errors?: { pointer: string; message: string }[];
  [member: string]: unknown;
}

/** The admin token of every replica in tests. */
export const adminToken = 'a-token-for-tests-only';

type Headers = Record<string, string>;
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD' | 'OPTIONS';

export interface Api {
  /** Sends one request; returns the answer whatever its status. For a stream, returns only the first event. */
  send(method: Method, path: string, body?: unknown, headers?: Headers): Promise<Response>;
  /** Sends one request; asserts the answer's status and returns its body. */
  ok<T = Record<string, unknown>>(status: number, method: Method, path: string, body?: unknown): Promise<T>;
  /** Sends one request; asserts that it is refused with this code and these pointers, and returns the problem. */
  refused(code: ErrorCode, method: Method, path: string, body?: unknown, pointers?: string[]): Promise<Problem>;
}

export function apiAt(url: string, token: string): Api {
  const agent = supertest(url);
  async function send(method: Method, path: string, body?: unknown, headers: Headers = {}): Promise<Response> {
    const verb = method.toLowerCase() as Lowercase<Method>;
    const request = agent[verb](path).set('authorization', `Bearer ${token}`).set(headers);
    if (body !== undefined) {
      request.set('content-type', headers['content-type'] ?? 'application/json').send(asText(body));
    }
    if (isStream(path))
      request.buffer(true).parse((message, done) => readBeginning(message as unknown as Message, done));
    const answer = await request;
    assertDescribed(method, path, answer);
    return answer;
  }
  return {
    send,
    ok: async <T>(status: number, method: Method, path: string, body?: unknown) => {
      const answer = await send(method, path, body);
      assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`);
      return answer.body as T;
    },
    refused: async (code, method, path, body, pointers) => {
      const problem = problemIn(await send(method, path, body));
      assert.equal(problem.code, code, `${method} ${path}: ${problem.detail}`);
      if (pointers !== undefined)
        assert.deepEqual(problem.errors?.map(({ pointer }) => pointer).sort(), pointers.sort());
      return problem;
    },
  };
}

function asText(body: unknown): string | Buffer {
  return typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
}

/**
 * Returns the problem in an answer (RFC 9457). Asserts that there is one, and that the registry has its code with its
 * status.
 */
export function problemIn(answer: Response): Problem {
  assert.match(answer.headers['content-type'] ?? '', /^application\/problem\+json/, `${answer.status} ${answer.text}`);
  const problem = answer.body as Problem;
  assert.equal(problem.status, answer.status);
  const [status, title] = errorCodes[problem.code] ?? assert.fail(`no registered code: ${answer.text}`);
  assert.equal(answer.status, status);
  assert.equal(problem.title, title);
  assert.equal(problem.type, `urn:zonewright:problem:${problem.code.replaceAll('_', '-')}`);
  assert.ok(problem.detail.length > 0);
  return problem;
}
