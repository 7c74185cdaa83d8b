// The answers of routes: their status, headers and bodies. description.ts adds the refusals.

import type { Readable } from 'node:stream';
import type { Static, TSchema } from 'typebox';
import { Type } from '../../model/json-schema.ts';
import { csvType } from '../csv-answer.ts';

/** The schemas of the headers of answers. Only the description of the API uses them. */
const headers = {
  ETag: { type: 'string', description: 'The version of the resource, for `If-Match` and `If-None-Match`' },
  Location: { type: 'string', description: 'The path of the new resource' },
  'Zonewright-Revision': { type: 'string', pattern: '^[0-9]+$', description: 'The revision of the store' },
};

/** Returns the schemas of headers. */
export function headersNamed(...names: (keyof typeof headers)[]) {
  return Object.fromEntries(names.map((name) => [name, headers[name]]));
}

function answer<T extends TSchema>(schema: T, description: string, names: (keyof typeof headers)[]) {
  return Type.Unsafe<Static<T>>({
    ...(schema as object),
    'x-response-description': description,
    headers: headersNamed(...names),
  });
}

export const notModified = answer(Type.Null(), 'The resource has the entity tag of `If-None-Match`', ['ETag']);

/** Returns the answers of a read of one resource: 200 with the resource, or 304. */
export function read<T extends TSchema>(body: T) {
  return {
    200: answer(body, 'The resource', ['ETag']),
    304: notModified,
  };
}

/** Returns the answer of a write that changed a resource. */
export function written<T extends TSchema>(body: T) {
  return { 200: answer(body, 'The resource was written', ['ETag', 'Zonewright-Revision']) };
}

/** Returns the answer of a write that created a resource. */
export function created<T extends TSchema>(body: T) {
  return { 201: answer(body, 'The resource was created', ['ETag', 'Location', 'Zonewright-Revision']) };
}

/** Returns the answer of a write of several resources. The answer has no entity tag. */
export function writtenTogether<S extends 200 | 201, T extends TSchema>(status: S, body: T) {
  return { [status]: answer(body, 'All were written', ['Zonewright-Revision']) } as Record<
    S,
    ReturnType<typeof answer<T>>
  >;
}

/** The answer of a deletion. */
export const deleted = { 204: answer(Type.Null(), 'The resource is gone', ['Zonewright-Revision']) };

/** Returns the answers of a deletion: 204, or 200 with more to tell, such as warnings. */
export function deletedWith<T extends TSchema>(told: T, description = 'The resource is gone, with warnings') {
  return { 200: answer(told, description, ['Zonewright-Revision']), ...deleted };
}

/** Returns the answer of a list that a request with `Accept: text/csv` gets as CSV. */
export function shownOrCsv<T extends TSchema>(body: T) {
  return {
    200: {
      description: 'The current data',
      content: { 'application/json': { schema: body }, [csvType]: { schema: Type.Unsafe<Readable>(Type.String()) } },
    },
  };
}

/** Returns the answer of a read. The answer has no entity tag. */
export function shown<T extends TSchema>(body: T) {
  return { 200: answer(body, 'The current data', []) };
}
