// Copies a request with unknown values in its faulty fields, for a trial (every-fault.ts).

import type { FastifyRequest } from 'fastify';
import { unknownValue } from '../model/unknown.ts';
import { stepsOf } from './json-pointer.ts';

/** The parts of a request that have fields. */
type Parts = Record<'body' | 'params' | 'query' | 'headers', unknown>;

/** Returns a copy of the request in which the fields at these paths (errors.ts, InputFault) are unknown values. */
export function withUnknown(request: FastifyRequest, paths: Iterable<string>): FastifyRequest {
  const { body, params, query, headers } = request;
  const parts: Parts = { body, params, query, headers };
  const copies = new Set<object>();
  for (const path of paths) {
    const [part, ...steps] = placeOf(path);
    if (part !== undefined) setUnknown(parts, [part, ...steps], copies);
  }
  return Object.create(request, {
    ...Object.fromEntries(Object.entries(parts).map(([part, value]) => [part, { value }])),
    isTrial: { value: true },
    stage: { value: 'parsing', writable: true },
  }) as FastifyRequest;
}

/** Returns the part of the request, then the steps to the field in that part. */
function placeOf(path: string): string[] {
  if (path.startsWith('?')) return ['query', ...stepsOf(`/${path.slice(1)}`)];
  if (path.startsWith(':')) return ['params', ...stepsOf(`/${path.slice(1)}`)];
  if (path.startsWith('header ')) return ['headers', path.slice('header '.length)];
  return path === '' || path.startsWith('/') ? ['body', ...stepsOf(path)] : [];
}

/** Makes one field unknown. Copies each object around the field, if it is not already one of the `copies`. */
function setUnknown(parts: Parts, steps: readonly string[], copies: Set<object>): void {
  let around = parts as Record<string, unknown>;
  for (const step of steps.slice(0, -1)) {
    const inner = Object.hasOwn(around, step) ? around[step] : undefined;
    // The value around the field is already unknown, or has no fields.
    if (typeof inner !== 'object' || inner === null) return;
    if (!copies.has(inner)) {
      const copy = Array.isArray(inner) ? [...inner] : { ...inner };
      copies.add(copy);
      around[step] = copy;
    }
    around = around[step] as Record<string, unknown>;
  }
  const field = steps.at(-1) as string;
  if (Array.isArray(around) && !Object.hasOwn(around, field)) return;
  Object.defineProperty(around, field, { value: unknownValue, enumerable: true, configurable: true, writable: true });
}
