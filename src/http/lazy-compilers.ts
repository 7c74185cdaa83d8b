// Compiles the schema of a body, a query or a response when the first request needs it. Fastify would compile all at
// the start, in 0.2 s, but most replicas get requests for few routes. test/http/schemas.test.ts compiles all.

import { createRequire } from 'node:module';
import type { SerializerFactory } from '@fastify/fast-json-stringify-compiler';
import { _, Ajv, type Options, str } from 'ajv';
import type { FastifySchemaCompiler } from 'fastify';

/**
 * A body with fewer values is refused with all its faults, a larger one only with its first fault. Ajv makes several
 * objects for each fault: a million faults would take seconds.
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

/**
 * Returns an Ajv whose keywords for the length of a text stop counting at the limit. Ajv's own keywords count all
 * characters: 70 ms for 4 MB.
 */
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

/** Returns whether a body has so many values that only its first fault is told. */
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

/** The serializer uses Ajv to choose the form of a field that has several. Ajv would warn of our own formats. */
export const serializerOptions = { ajv: { validateFormats: false } } as const;

/**
 * Returns Fastify's own compiler of serializers, which is loaded with the first response. Its serializers omit fields
 * that the schema does not name.
 */
export const buildSerializer: SerializerFactory = (schemas, options) => {
  const compiler = once(() => loadSerializer()(schemas, { ...options, ...serializerOptions }));
  return (route) => {
    const compile = once(() => compiler()(route));
    return (value: unknown) => compile()(value);
  };
};

const require = createRequire(import.meta.url);

/**
 * Loads Fastify's serializer with the first response. Sending is synchronous: so this must be `require`, not
 * `import()`.
 */
const loadSerializer = once(() => {
  const { SerializerSelector } = require('@fastify/fast-json-stringify-compiler');
  return SerializerSelector() as SerializerFactory;
});

/** The returned function calls `make` when it is called first, and returns the value of that call every time. */
function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
