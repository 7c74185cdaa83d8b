// Compiles the schema of a body, a query or a response when the first request needs it. Fastify would compile all of them at the start, in 0.2 s; most
// replicas are asked on few of the routes.

import { createRequire } from 'node:module';
import type { SerializerFactory } from '@fastify/fast-json-stringify-compiler';
import { Ajv } from 'ajv';
import type { FastifySchemaCompiler } from 'fastify';

/** Strict, unlike Fastify's own, which drop unknown fields and read "5" as 5. Only values in a URL or a header have no types of their own. */
export function newValidatorCompiler(): FastifySchemaCompiler<object> {
  const options = { allErrors: true, removeAdditional: false, useDefaults: true, strict: false } as const;
  const exact = new Ajv({ ...options, coerceTypes: false });
  const coercing = new Ajv({ ...options, coerceTypes: 'array', allErrors: false });
  return ({ schema, httpPart }) => {
    const compile = once(() => (httpPart === 'body' ? exact : coercing).compile(schema));
    return (value: unknown) => {
      const validate = compile();
      return validate(value) ? true : { error: validate.errors ?? [] };
    };
  };
}

/** Serializes as Fastify does by default: fields that the schema does not name are left out. */
export const buildSerializer: SerializerFactory = (schemas, options) => {
  const compiler = once(() => loadSerializer()(schemas, options));
  return (route) => {
    const compile = once(() => compiler()(route));
    return (value: unknown) => compile()(value);
  };
};

const require = createRequire(import.meta.url);

/** Loaded with the first response, while a handler's answer is being sent: that cannot wait for an import. */
const loadSerializer = once(() => {
  const { SerializerSelector } = require('@fastify/fast-json-stringify-compiler');
  return SerializerSelector() as SerializerFactory;
});

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
