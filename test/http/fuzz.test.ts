// Sends random requests to every route, with or without faults of the schema: no answer is a 5xx, and every refusal is
// problem+json.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pino } from 'pino';
import supertest from 'supertest';
import { type Method, problemIn } from '../support/api-client.ts';
import { servedApi } from '../support/served-api.ts';

interface Schema {
  type?: string;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  minimum?: number;
  maximum?: number;
  maxItems?: number;
}
interface Operation {
  parameters?: { in: string; name: string; required?: boolean; schema: Schema }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}
type Description = { paths: Record<string, Record<string, Operation>> };

/** Values that some field accepts, so that random requests pass the first check. */
const plausible = [
  'foo.k8s',
  'a.foo.k8s',
  '*.foo.k8s',
  '.',
  '@',
  '',
  '\\',
  'a\\.b',
  '\u212A',
  '\u0000',
  'ä',
  'default',
  'lab',
  '192.0.2.1',
  '192.0.2.0/29',
  '192.0.2.0-192.0.2.9',
  '0.0.0.0/0',
  '255.255.255.255/32',
  '::/0',
  '::',
  '2001:db8::/64',
  '::ffff:192.0.2.1',
  'fe80::1%eth0',
  'A',
  'SRV',
  'TXT',
  'CNAME',
  'TYPE65535',
  '\\# 0',
  '10 a.',
  '"x"',
  '"',
  '*',
  'true',
  '1',
  '-1',
  '1e9',
  'null',
  'MA',
  'eHl6',
  '2.0.192.in-addr.arpa',
  'ip6.arpa',
  'a'.repeat(64),
  'a.'.repeat(127),
];
const text = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...plausible) },
  fc.string({ maxLength: 20, unit: 'binary' }),
);

/** Makes values that mostly match the schema, and sometimes anything. */
function shaped(schema: Schema): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 12, arbitrary: fitting(schema) }, { weight: 1, arbitrary: fc.jsonValue() });
}

function fitting(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(shaped));
  switch (schema.type) {
    case 'string':
      return text;
    case 'integer':
      return fc.oneof(
        fc.integer({ min: schema.minimum ?? -10, max: Math.min(schema.maximum ?? 100, (schema.minimum ?? 0) + 40) }),
        fc.constantFrom(schema.minimum ?? 0, schema.maximum ?? 0),
      );
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(shaped(schema.items ?? {}), { maxLength: 3 });
    case 'object':
      return objectOf(schema);
    default:
      return fc.jsonValue();
  }
}

function objectOf({ properties = {}, required = [], additionalProperties }: Schema): fc.Arbitrary<unknown> {
  if (typeof additionalProperties === 'object')
    return fc.dictionary(text, shaped(additionalProperties), { maxKeys: 3 });
  const fields = Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, shaped(schema)]));
  return fc.record(fields, { requiredKeys: required.filter((name) => name in fields) });
}

/** Parameter name → values that may find something. */
const known: Record<string, string[]> = {
  zone: ['foo.k8s', '2.0.192.in-addr.arpa'],
  pool: ['default'],
  name: ['a', '@', 'a.foo.k8s', '*'],
  type: ['A', 'TXT', 'CNAME', 'NS', 'TYPE65535'],
  ip: ['192.0.2.0', '192.0.2.1', '2001:db8::1'],
};

interface Asked {
  method: Method;
  path: string;
  body: unknown;
  headers: Record<string, string>;
}

function requestsOf(path: string, method: string, { parameters = [], requestBody }: Operation): fc.Arbitrary<Asked> {
  const bodies = Object.values(requestBody?.content ?? {}).map(({ schema }) => shaped(schema));
  const value = (name: string, schema: Schema) => {
    const any = shaped(schema).map((one) => (typeof one === 'string' ? one : JSON.stringify(one)));
    return fc.oneof(any, fc.constantFrom(...(known[name] ?? ['1'])));
  };
  const of = (place: string) =>
    fc.record(
      Object.fromEntries(
        parameters.filter((one) => one.in === place).map(({ name, schema }) => [name, value(name, schema)]),
      ),
      place === 'path' ? {} : { requiredKeys: [] },
    ) as fc.Arbitrary<Record<string, string>>;
  const conditions = fc.record(
    { 'if-match': fc.constantFrom('*', '"1"', '"'), 'if-none-match': fc.constantFrom('*', '"1"') },
    { requiredKeys: [] },
  );
  // Most requests have no precondition: a random precondition rarely holds, so little would be deleted.
  const header = fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: conditions });
  return fc
    .tuple(of('path'), of('query'), fc.oneof(...(bodies.length > 0 ? bodies : [fc.constant(undefined)])), header)
    .map(([named, query, body, headers]) => {
      const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(named[name] || '-'));
      return { method: method.toUpperCase() as Method, path: `${filled}?${new URLSearchParams(query)}`, body, headers };
    });
}

test('no request gets a 5xx, and each refusal is a problem with a code of the registry', async (t) => {
  // src/http/every-fault.ts logs a trial that fails because of a bug.
  const failures: string[] = [];
  const logger = pino({ level: 'error' }, { write: (line: string) => void failures.push(line) });
  const { api, url, views } = await servedApi(t, { ledger: true, logger });
  const description = (await supertest(url).get('/openapi.json')).body as Description;
  const kinds = Object.entries(description.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => requestsOf(path, method, operation)),
  );
  const posted = { method: 'POST', path: '/v1/zones', headers: {} } as const;
  /** Zones that mostly exist: random requests alone are refused with 409 only by luck. */
  const again = fc.constant<Asked>({ ...posted, body: { name: 'foo.k8s' } });
  /** Zones that are mostly new: random requests alone create something only by luck. */
  const anew = fc.nat(100_000).map((number): Asked => ({ ...posted, body: { name: `z${number}.k8s` } }));
  const statuses = new Map<number, number>();
  /** Creates the resources that the requests need, because some requests delete them. */
  const provide = async () => {
    await api.send('PUT', '/v1/zones/foo.k8s', {});
    await api.send('PUT', '/v1/pools/default', { ranges: ['192.0.2.0/29'] });
  };
  let requests = 0;
  const property = fc.asyncProperty(fc.oneof(...kinds, again, anew), async ({ method, path, body, headers }) => {
    if (requests++ % 50 === 0) await provide();
    const answer = await api.send(method, path, body, headers as Record<string, string>);
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    // No replica is registered here, so forwarding has no target.
    const hasNoTarget = answer.status === 503 && problemIn(answer).code === 'no_healthy_target';
    assert.ok(answer.status < 500 || hasNoTarget, `${answer.status} ${answer.text}`);
    if (answer.status >= 400) problemIn(answer);
    assert.deepEqual(failures, []);
    assert.deepEqual([...views.faults], [], 'an accepted value cannot be served');
  });
  await fc.assert(property, { numRuns: 2500, endOnFailure: true });
  for (const status of [200, 201, 204, 400, 404, 409]) assert.ok(statuses.has(status), `no request got ${status}`);
});
