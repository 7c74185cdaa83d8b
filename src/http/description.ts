// Builds the description of the API (OpenAPI 3.1) from the schemas of the routes when a client asks for it.

import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import type { FastifySchema } from 'fastify';
import { type ErrorCode, errorCodes } from '../errors.ts';
import { auditedResources } from '../model/audit-event.ts';
import { whereTokensAre } from './auth.ts';
import { guide } from './guide.ts';
import { limitHeaders, uncountedRefusals } from './limit-requests.ts';
import { neededRights } from './needed-rights.ts';
import { retryAfter } from './problem.ts';
import { Problem } from './schemas/problem.ts';

declare module 'fastify' {
  interface FastifySchema {
    /** The error codes of the route, without those that its method, headers and token imply. */
    refuses?: readonly ErrorCode[];
  }
}

const tags = [
  { name: 'pools', description: 'Ranges of addresses that are handed out.' },
  { name: 'zones', description: 'Zones with their settings, and as zone files.' },
  { name: 'hosts', description: 'Names with their addresses, aliases and PTRs, written as one.' },
  { name: 'rrsets', description: 'Records of any type.' },
  { name: 'addresses', description: 'Addresses with their holders, and addresses that need no name.' },
  { name: 'forwarding', description: 'What the resolvers of a company must be told, so that they forward the zones.' },
  { name: 'forwarders', description: 'Other zones, whose questions are forwarded to their servers.' },
  { name: 'tokens', description: 'Who may use the API: a role, and a scope of zones, pools and an owner.' },
  { name: 'history', description: 'What was changed by whom, who had an address, how full a pool was.' },
  {
    name: 'operations',
    description: 'The replicas: whether they run and serve, their metrics, the changes that they see, and a backup.',
  },
];

/** Returns the options of @fastify/swagger. */
export function descriptionOptions(version: string): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Zonewright',
        version,
        description: 'Addresses, names and reverse names in one transaction: when a write answers, the name resolves.',
        contact: { name: 'Whoever runs this replica' },
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/', description: 'The replica that this description comes from' }],
      tags,
      components: {
        securitySchemes: {
          token: {
            type: 'http',
            scheme: 'bearer',
            description: `Where to find a token: ${whereTokensAre}. The page keeps it until the tab is closed.`,
          },
        },
      },
      security: [{ token: [] }],
    },
    convertConstToEnum: false,
    transform: ({ schema, url, route }) => {
      const method = String(route.method);
      const whole = withRefusals(withGuide(withMediaTypes(schema, method)), method);
      return { schema: url.startsWith('/v1/') ? withLimits(whole) : whole, url };
    },
    transformObject: (document) => {
      if (!('openapiObject' in document)) throw new Error('the description is not OpenAPI');
      return nameComponents(document.openapiObject);
    },
  };
}

/** Adds the media types of merge patches, and says that a zone file or CSV is a string. */
function withMediaTypes(schema: FastifySchema | undefined = {}, method: string): FastifySchema {
  const body = schema.body as { type?: string } | undefined;
  if (method === 'PATCH' && body?.type === 'object')
    return { ...schema, consumes: ['application/merge-patch+json', 'application/json'] };
  return schema.consumes?.[0]?.startsWith('text/') ? { ...schema, body: { type: 'string', ...body } } : schema;
}

/**
 * Adds the role that the operation needs, and the text and the example of the guide. Parameters that the example does
 * not use get no example value.
 */
function withGuide(schema: FastifySchema): FastifySchema {
  const { operationId = '' } = schema;
  const { text, path = {}, query = {}, body } = guide[operationId] ?? {};
  const description = [schema.description ?? text, toldNeed(operationId)].filter((part) => part !== undefined);
  return {
    ...schema,
    ...(description.length > 0 && { description: description.join(' ') }),
    ...(schema.params !== undefined && { params: withExamples(schema.params, path) }),
    ...(schema.querystring !== undefined && { querystring: withExamples(schema.querystring, query) }),
    ...(body !== undefined && { body: { ...(schema.body as object), examples: [body] } }),
  };
}

/** Returns the sentence about the token that an operation needs; undefined if it needs none. */
function toldNeed(operationId: string): string | undefined {
  const need = neededRights[operationId];
  if (need === undefined || need === 'open') return undefined;
  const when = operationId === 'readMetrics' ? ' where the operator opens only health checks' : '';
  return `Needs the role \`${need.role}\`${need.whole ? ', without a scope' : ''}${when}.`;
}

function withExamples(parameters: unknown, values: Record<string, unknown>): object {
  const { properties, ...rest } = parameters as { properties: Record<string, Record<string, unknown>> };
  const entries = Object.entries(properties).map(([name, { examples: _, ...schema }]) => [
    name,
    { ...schema, ...(name in values && { examples: [values[name]] }) },
  ]);
  return { ...rest, properties: Object.fromEntries(entries) };
}

/** Adds the answers for each code with which the route refuses. */
function withRefusals(schema: FastifySchema, method: string): FastifySchema {
  const codes = new Set([...(schema.refuses ?? []), ...impliedRefusals(schema, method)]);
  const byStatus = Map.groupBy([...codes].sort(), (code) => errorCodes[code][0]);
  const answers = byStatus.entries().map(([status, group]) => {
    const description = group.map((code) => `\`${code}\`: ${errorCodes[code][1]}`).join('. ');
    return [
      status,
      { description, headers: headersOf(group), content: { 'application/problem+json': { schema: Problem } } },
    ];
  });
  const { refuses: _, ...shown } = schema;
  return { ...shown, response: { ...(schema.response as object), ...Object.fromEntries(answers) } };
}

/** Adds the headers of the limit for tokens to all answers that may have them: only /v1 has a limit. */
function withLimits(schema: FastifySchema): FastifySchema {
  const answers = Object.entries(schema.response as Record<string, { headers?: object }>);
  const counted = answers.map(([status, answer]) => {
    const codes = (Object.keys(errorCodes) as ErrorCode[]).filter((code) => errorCodes[code][0] === Number(status));
    const isUncounted = codes.length > 0 && codes.every((code) => uncountedRefusals.has(code));
    return [status, isUncounted ? answer : { ...answer, headers: { ...answer.headers, ...limitHeaders } }];
  });
  return { ...schema, response: Object.fromEntries(counted) };
}

const guardedRefusals = [
  'client_certificate_needed',
  'forbidden',
  'rate_limited',
  'store_unavailable',
  'too_many_attempts',
  'unauthorized',
] as const;

/** Returns the codes with which a route refuses because of its method, its headers and its token. */
function impliedRefusals({ headers, security }: FastifySchema, method: string): ErrorCode[] {
  const { properties = {} } = (headers ?? {}) as { properties?: object };
  return [
    'expectation_failed',
    'header_too_large',
    'internal_error',
    'invalid_request',
    'request_timeout',
    'too_many_connections',
    ...(security?.length === 0 ? [] : guardedRefusals),
    ...(method === 'GET'
      ? []
      : (['contended', 'payload_too_large', 'unsupported_media_type', 'table_full', 'value_unreadable'] as const)),
    ...('if-match' in properties ? (['precondition_failed'] as const) : []),
    ...('idempotency-key' in properties ? (['idempotency_full', 'idempotency_mismatch'] as const) : []),
  ];
}

/** Returns the headers of the refusals with these codes, as problem.ts sends them. */
function headersOf(codes: readonly ErrorCode[]): object {
  return {
    ...(codes.includes('unauthorized') && {
      'WWW-Authenticate': { type: 'string', description: 'How to authenticate' },
    }),
    ...(codes.some((code) => code in retryAfter) && {
      'Retry-After': { type: 'integer', description: 'Seconds after which to try again' },
    }),
  };
}

/**
 * Moves each schema with a title to the components, under its title, and leaves a reference in its place. The schemas
 * of the routes have no references, so that each can be compiled alone.
 */
function nameComponents<T extends { components?: { schemas?: unknown } }>(document: T): T {
  const components: Record<string, unknown> = {};
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== 'object' || value === null) return value;
    const visited = withoutOwnFormat(Object.fromEntries(Object.entries(value).map(([key, one]) => [key, visit(one)])));
    const { title, ...schema } = visited;
    if (typeof title !== 'string' || !('type' in schema)) return visited;
    const known = JSON.stringify(components[title] ?? schema);
    if (known !== JSON.stringify(schema)) throw new Error(`two different schemas have the title ${title}`);
    components[title] = schema;
    return { $ref: `#/components/schemas/${title}` };
  };
  const { paths, ...rest } = document as T & { paths?: unknown };
  const named = visit(inOrder(paths as Record<string, object>));
  const headers = nameHeaders(named as Record<string, Record<string, Described>>);
  const sorted = (all: object) => Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
  const all = { ...document.components, headers: sorted(headers), schemas: sorted(components) };
  return { ...rest, components: all, paths: named } as unknown as T;
}

/** An operation in the description. */
interface Described {
  responses: Record<string, { headers?: Record<string, unknown> }>;
}

/** Replaces each header of an answer by a reference to a component. Returns these components by their names. */
function nameHeaders(paths: Record<string, Record<string, Described>>): Record<string, unknown> {
  const components: Record<string, unknown> = {};
  const operations = Object.values(paths).flatMap((path) => Object.values(path));
  for (const answer of operations.flatMap(({ responses }) => Object.values(responses))) {
    for (const [name, header] of Object.entries(answer.headers ?? {})) {
      components[name] ??= header;
      if (JSON.stringify(components[name]) !== JSON.stringify(header))
        throw new Error(`two different headers have the name ${name}`);
      (answer.headers as Record<string, unknown>)[name] = { $ref: `#/components/headers/${name}` };
    }
  }
  return components;
}

/** The order of the operations of a path: creation first, deletion last. */
const methods = ['post', 'put', 'get', 'patch', 'delete'];

function inOrder(paths: Record<string, object>): Record<string, object> {
  const sorted = Object.entries(paths).map(([path, operations]) => {
    const entries = Object.entries(operations).sort(([a], [b]) => methods.indexOf(a) - methods.indexOf(b));
    return [path, Object.fromEntries(entries)];
  });
  return Object.fromEntries(sorted);
}

const octet = String.raw`(?:[^\s.\\]|\\[0-9]{3}|\\[^0-9])`;
const label = `${octet}{1,63}`;
const labelInList = String.raw`(?:[^\s.,\\]|\\[0-9]{3}|\\[^0-9,]){1,63}`;
const nameInList = `${labelInList}(?:\\.${labelInList})*\\.?`;
const resource = `(?:${auditedResources.join('|')})`;

/**
 * Our own formats as patterns of JSON Schema. Requests are not checked against these patterns: the parsers of the
 * fields give better messages.
 */
const formats: Record<string, object> = {
  'dns-name': { format: 'dns-name', pattern: `^(?:\\.|${label}(?:\\.${label})*\\.?)$` },
  'dns-names': { format: 'dns-names', pattern: `^${nameInList}(?:,${nameInList})*$` },
  'ip-address': { anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }] },
  'forwarder-target': { format: 'forwarder-target', pattern: '^[0-9A-Fa-f:.\\[\\]]+(?:#[0-9A-Za-z_.-]+)?$' },
  'address-range': { format: 'address-range', pattern: '^[0-9A-Fa-f:.]+(?:/[0-9]{1,3}| *- *[0-9A-Fa-f:.]+)?$' },
  'pool-or-range': {
    format: 'pool-or-range',
    pattern: '^(?:[a-z0-9-]{1,63}|[0-9A-Fa-f:.]+(?:/[0-9]{1,3}| *- *[0-9A-Fa-f:.]+)?)$',
  },
  'relative-name': { format: 'relative-name', minLength: 1, pattern: `^(?:@|${label}(?:\\.${label})*\\.?)$` },
  'record-type': { format: 'record-type', pattern: '^(?:[A-Za-z][A-Za-z0-9]{0,19}|(?:TYPE|type)[0-9]{1,5})$' },
  mailbox: { format: 'mailbox' },
  'token-name': { format: 'token-name', pattern: String.raw`^[^\u0000-\u001f\u007f-\u009f]+$` },
  resources: { format: 'resources', pattern: `^${resource}(?:,${resource})*$` },
  distinct: { uniqueItems: true },
  'not-empty': { minItems: 1 },
  // At least one form must be on. If absent, `dashed` and `dotted` are on.
  'address-names': {
    not: {
      required: ['dashed', 'dotted'],
      properties: { dashed: { const: false }, dotted: { const: false }, hex: { const: false } },
    },
  },
  certificates: {
    format: 'certificates',
    pattern: '-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\\s]+-----END CERTIFICATE-----',
  },
  cursor: { format: 'cursor', pattern: '^[A-Za-z0-9_-]+$' },
};

/** Replaces one of our own formats by its pattern. Drops `example` beside `examples`. */
function withoutOwnFormat({ example, format, ...schema }: Record<string, unknown>): Record<string, unknown> {
  const told = typeof format === 'string' ? (formats[format] ?? { format }) : format === undefined ? {} : { format };
  return { ...schema, ...told, ...(example !== undefined && !('examples' in schema) && { example }) };
}
