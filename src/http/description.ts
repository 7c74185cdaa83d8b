// The description of the API, OpenAPI 3.1, from the schemas of the routes. It is built when it is asked for.

import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';
import type { FastifySchema } from 'fastify';
import { type ErrorCode, errorCodes } from '../errors.ts';
import { retryAfter } from './problem.ts';
import { Problem } from './schemas/problem.ts';

declare module 'fastify' {
  interface FastifySchema {
    /** The codes with which the route refuses, besides those that its method, headers and body imply. */
    refuses?: readonly ErrorCode[];
  }
}

const tags = [
  { name: 'pools', description: 'Ranges of addresses that are handed out.' },
  { name: 'zones', description: 'Zones with their settings, and as zone files.' },
  { name: 'hosts', description: 'Names with their addresses, aliases and PTRs, written as one.' },
  { name: 'rrsets', description: 'Records of any type.' },
  { name: 'addresses', description: 'Addresses with their holders, and addresses that need no name.' },
  { name: 'operations', description: 'The replicas: whether they run, serve, and how they do.' },
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
            description: 'A token: the first start with an empty store creates one',
          },
        },
      },
      security: [{ token: [] }],
    },
    convertConstToEnum: false,
    transform: ({ schema, url, route }) => ({ schema: withRefusals(schema, String(route.method)), url }),
    transformObject: (document) => {
      if (!('openapiObject' in document)) throw new Error('the description is not OpenAPI');
      return nameComponents(document.openapiObject);
    },
  };
}

/** Adds the answers for each code with which the route refuses. */
function withRefusals(schema: FastifySchema | undefined = {}, method: string): FastifySchema {
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
  // The route reads a zone file as a stream, which no validator can check.
  if (schema.consumes?.[0] === 'text/dns') shown.body = { type: 'string', ...(schema.body as object) };
  return { ...shown, response: { ...(schema.response as object), ...Object.fromEntries(answers) } };
}

/** Returns the codes with which a route refuses because of its method, its headers and its token. */
function impliedRefusals({ headers, security }: FastifySchema, method: string): ErrorCode[] {
  const { properties = {} } = (headers ?? {}) as { properties?: object };
  return [
    'expectation_failed',
    'header_too_large',
    'internal_error',
    'invalid_request',
    'request_timeout',
    ...(security?.length === 0 ? [] : (['unauthorized', 'store_unavailable'] as const)),
    ...(method === 'GET'
      ? []
      : (['contended', 'payload_too_large', 'unsupported_media_type', 'table_full', 'value_unreadable'] as const)),
    ...('if-match' in properties ? (['precondition_failed'] as const) : []),
    ...('idempotency-key' in properties ? (['idempotency_full', 'idempotency_mismatch'] as const) : []),
  ];
}

/** Returns the headers of the answers that http/problem.ts sends for these codes. */
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
 * Moves each schema with a title to the components, under its title, and refers to it there. The routes themselves have
 * whole schemas, so that each can be compiled alone.
 */
function nameComponents<T extends { components?: { schemas?: unknown } }>(document: T): T {
  const components: Record<string, unknown> = {};
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== 'object' || value === null) return value;
    const visited = Object.fromEntries(Object.entries(value).map(([key, one]) => [key, visit(one)]));
    const { title, ...schema } = visited;
    if (typeof title !== 'string' || !('type' in schema)) return visited;
    const known = JSON.stringify(components[title] ?? schema);
    if (known !== JSON.stringify(schema)) throw new Error(`two different schemas have the title ${title}`);
    components[title] = schema;
    return { $ref: `#/components/schemas/${title}` };
  };
  const { paths, ...rest } = document as T & { paths?: unknown };
  const named = visit(paths);
  const schemas = Object.fromEntries(Object.entries(components).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { ...rest, components: { ...document.components, schemas }, paths: named } as unknown as T;
}
