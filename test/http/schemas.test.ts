// Compiles every schema of every route. The server compiles a schema only when the first request needs it
// (src/http/lazy-compilers.ts): without this test, a wrong schema might be found only in production.

import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';
import { SerializerSelector } from '@fastify/fast-json-stringify-compiler';
import type { FastifyInstance, FastifySchema, RouteOptions } from 'fastify';
import { describeApi } from '../../openapi/generate.ts';
import { newValidatorCompiler, serializerOptions } from '../../src/http/lazy-compilers.ts';

const parts = ['body', 'querystring', 'params', 'headers'] as const;

/** Returns the routes of a server, and the schemas that they refer to. */
async function collectRoutes(): Promise<{ routes: RouteOptions[]; shared: Record<string, unknown> }> {
  const routes: RouteOptions[] = [];
  let server: FastifyInstance | undefined;
  const onServer = (message: unknown) => {
    server = (message as { fastify: FastifyInstance }).fastify;
    server.addHook('onRoute', (route) => void routes.push(route));
  };
  subscribe('fastify.initialization', onServer);
  await describeApi();
  unsubscribe('fastify.initialization', onServer);
  return { routes, shared: server?.getSchemas() ?? {} };
}

test('every schema of every route compiles, without a warning', async (t) => {
  const warn = t.mock.method(console, 'warn');
  const { routes, shared } = await collectRoutes();
  assert.ok(routes.length > 30, `${routes.length} routes`);
  const compileValidator = newValidatorCompiler();
  const compileSerializer = SerializerSelector()(shared, serializerOptions);
  let responses = 0;
  for (const { url, method, schema = {} } of routes) {
    const place = { url, method: String(method) };
    for (const part of parts) {
      const partSchema = schema[part] as object | undefined;
      // A validator compiles its schema when it is called for the first time.
      if (partSchema !== undefined) compileValidator({ ...place, schema: partSchema, httpPart: part })({});
    }
    for (const [httpStatus, response] of Object.entries((schema as FastifySchema).response ?? {})) {
      for (const contentType of contentsOf(response)) {
        compileSerializer({ ...place, schema: contentType, httpStatus });
        responses += 1;
      }
    }
  }
  assert.ok(responses > 40, `${responses} responses`);
  assert.deepEqual(
    warn.mock.calls.map(({ arguments: words }) => words),
    [],
  );
});

/** Returns the schemas of a response: the response itself, or one for each content type. */
function contentsOf(response: unknown): object[] {
  const { content } = response as { content?: Record<string, { schema: object }> };
  return content === undefined ? [response as object] : Object.values(content).map(({ schema }) => schema);
}
