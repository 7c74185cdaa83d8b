// Checks every answer that a test gets from the API against openapi/openapi.json: its status, media type, headers and
// body.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';

interface Described {
  content?: Record<string, unknown>;
  /** References to the components. */
  headers?: Record<string, unknown>;
}

interface Operation {
  responses: Record<string, Described>;
}

/** An event of a stream, as openapi.json describes it. */
interface DescribedEvent {
  properties: { event: { const: string }; data: { contentSchema: { $ref: string } } };
}

/** An answer as a client got it. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: unknown;
}

/** Headers that an answer must have if its description has them, and must not have otherwise. */
const promised = ['etag', 'location', 'zonewright-revision', 'retry-after', 'www-authenticate'];
/** Headers that an answer may have only if its description has them. It has both, or none. */
const ofLimits = ['ratelimit', 'ratelimit-policy'];

const document = JSON.parse(readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8')) as {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, unknown>; headers: Record<string, { schema: { pattern?: string } }> };
};
const operations = Object.entries(document.paths).flatMap(([template, methods]) => {
  const segments = template.split('/').map((one) => (one.startsWith('{') ? '[^/]+' : RegExp.escape(one)));
  const path = new RegExp(`^${segments.join('/')}$`);
  return Object.entries(methods).map(([method, operation]) => ({ template, path, method, operation }));
});
const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
ajv.addSchema(document, 'openapi');
const eventsByName = new Map(
  Object.entries(document.components.schemas)
    .filter(([name]) => /^Stream(Start|Message|End)$/.test(name))
    .map(([name, schema]) => [(schema as DescribedEvent).properties.event.const, { name, schema }] as const),
);

/** Asserts that the description has this answer. Does nothing if it does not have the request's path and method. */
export function assertDescribed(method: string, url: string, { status, headers, body }: Answer): void {
  const path = url.replace(/[?#].*/s, '');
  const found = operations.find((one) => one.method === method.toLowerCase() && one.path.test(path));
  if (found === undefined) return;
  const what = `${method} ${found.template}: ${status}`;
  const described = found.operation.responses[status];
  assert.ok(described, `${what} is not described: ${JSON.stringify(body)}`);
  const declared = new Set(Object.keys(described.headers ?? {}).map((name) => name.toLowerCase()));
  for (const name of promised) {
    const told = declared.has(name) ? 'lacks' : 'has, without a description,';
    assert.equal(headers[name] !== undefined, declared.has(name), `${what} ${told} the header ${name}`);
  }
  const limits = ofLimits.filter((name) => headers[name] !== undefined);
  assert.ok(limits.length === 0 || limits.length === ofLimits.length, `${what} has only the header ${limits}`);
  for (const name of limits) {
    assert.ok(declared.has(name), `${what} has, without a description, the header ${name}`);
    const [, header] = Object.entries(document.components.headers).find(([one]) => one.toLowerCase() === name) ?? [];
    assert.match(String(headers[name]), new RegExp(header?.schema.pattern ?? assert.fail(name)), `${what}: ${name}`);
  }
  const mediaType = headers['content-type']?.replace(/;.*/s, '');
  const mediaTypes = Object.keys(described.content ?? {});
  if (mediaTypes.length === 0) {
    assert.equal(mediaType, undefined, what);
    return;
  }
  assert.ok(mediaType !== undefined && mediaTypes.includes(mediaType), `${what} is not described as ${mediaType}`);
  if (!/[/+]json$/.test(mediaType)) return;
  const pointer = ['paths', found.template, found.method, 'responses', String(status), 'content', mediaType, 'schema'];
  const reference = `#/${pointer.map((one) => one.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`;
  assertValid(reference, body, what);
}

/** Asserts that the description has this event of /v1/watch, with this JSON in its data. */
export function assertDescribedEvent(event: { event: string; data: string }): void {
  const { name, schema } = eventsByName.get(event.event) ?? assert.fail(`no event ${event.event} is described`);
  assertValid(`#/components/schemas/${name}`, event);
  assertValid((schema as DescribedEvent).properties.data.contentSchema.$ref, JSON.parse(event.data));
}

/** Asserts that a value is valid for a part of the description. */
function assertValid(reference: string, value: unknown, what = reference): void {
  const validate = ajv.getSchema(encodeURI(`openapi${reference}`)) ?? assert.fail(`no schema at ${reference}`);
  assert.ok(validate(value), `${what}: ${ajv.errorsText(validate.errors)}: ${JSON.stringify(value)}`);
}
