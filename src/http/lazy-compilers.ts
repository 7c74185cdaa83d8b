// Compiles the schema of a body, a query or a response when the first request needs it. Fastify would compile all of
// them at the start, in 0.2 s, and most replicas get requests for few of the routes (test/http/schemas.test.ts compiles
// all).

import { createRequire } from 'node:module';
import type { SerializerFactory } from '@fastify/fast-json-stringify-compiler';
import { _, Ajv, type Options, str } from 'ajv';
import type { FastifySchemaCompiler } from 'fastify';

/**
 * A body with fewer values is refused with all its faults, a larger one with its first fault. For each
 * fault, Ajv makes several objects: a million of them would take seconds.
 */
const maxExactValues = 20_000;

/**
 * Returns a compiler of strict validators. Fastify's own validators drop unknown fields, and accept "5" for 5. The
 * strict ones convert only values in a URL or a header, which are always text.
 */
export function newValidatorCompiler(): FastifySchemaCompiler<object> {
  const options = {
    allErrors: true,
    removeAdditional: false,
    useDefaults: true,
    strict: false,
    validateFormats: false,
  } as const;
  const exact = newAjv({ ...options, coerceTypes: false, verbose: true });
  const firstFault = newAjv({ ...options, coerceTypes: false, allErrors: false });
  const coercing = newAjv({ ...options, coerceTypes: 'array', verbose: true });
  return ({ schema, httpPart }) => {
    const isBody = httpPart === 'body';
    const compile = once(() => (isBody ? firstFault : coercing).compile(schema));
    const compileExact = once(() => exact.compile(schema));
    return (value: unknown) => {
      let validate = compile();
      if (validate(value)) return true;
      if (isBody && !hasManyValues(value)) {
        validate = compileExact();
        validate(value);
      }
      return { error: validate.errors ?? [] };
    };
  };
}

/** Ajv's own keywords count all characters of a text, which takes 70 ms for 4 MB. Ours stop at the limit. */
function newAjv(options: Options): Ajv {
  const ajv = new Ajv(options);
  for (const [keyword, words, holds] of [
    ['maxLength', 'more', (text: string, max: number) => countCharacters(text, max + 1) <= max],
    ['minLength', 'fewer', (text: string, min: number) => countCharacters(text, min) >= min],
  ] as const) {
    ajv.removeKeyword(keyword).addKeyword({
      keyword,
      type: 'string',
      schemaType: 'number',
      compile: (limit: number) => (text: string) => holds(text, limit),
      error: {
        message: ({ schemaCode }) => str`must NOT have ${words} than ${schemaCode} characters`,
        params: ({ schemaCode }) => _`{limit: ${schemaCode}}`,
      },
    });
  }
  return ajv;
}

/** Counts the characters of a text, as JSON Schema does: code points. Stops at the limit. */
function countCharacters(text: string, limit: number): number {
  if (text.length > 2 * limit) return limit;
  let count = 0;
  for (const _character of text) if (++count >= limit) break;
  return count;
}

/** Returns whether a body has so many values that it is refused with its first fault. */
export function hasManyValues(body: unknown): boolean {
  return countValues(body, maxExactValues) >= maxExactValues;
}

/** Counts the values of a JSON value in all its levels, up to a limit. */
function countValues(value: unknown, limit: number): number {
  if (typeof value !== 'object' || value === null) return 1;
  let count = 1;
  for (const name in value) {
    count += countValues((value as Record<string, unknown>)[name], limit - count);
    if (count >= limit) return count;
  }
  return count;
}

/** To serialize a field that has several forms, Ajv looks which one it is. It warns of formats that only we have. */
export const serializerOptions = { ajv: { validateFormats: false } } as const;

/** Returns a serializer that works as Fastify's own: it omits fields that the schema does not name. */
export const buildSerializer: SerializerFactory = (schemas, options) => {
  const compiler = once(() => loadSerializer()(schemas, { ...options, ...serializerOptions }));
  return (route) => {
    const compile = once(() => compiler()(route));
    return (value: unknown) => compile()(value);
  };
};

const require = createRequire(import.meta.url);

/** Loads Fastify's serializer with the first response. Sending a response is synchronous, and so is `require`. */
const loadSerializer = once(() => {
  const { SerializerSelector } = require('@fastify/fast-json-stringify-compiler');
  return SerializerSelector() as SerializerFactory;
});

/** Returns a function that calls `make` once and returns its value from then on. */
function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
