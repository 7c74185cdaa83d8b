// Turns the errors of Ajv, for a request that does not fit its schema, into faults that help a client.

import type { FastifyError } from 'fastify';
import type { InputFault } from '../errors.ts';
import { pointerTo } from './json-pointer.ts';

/** An error of Ajv. A validator with the option `verbose` adds the object and its schema. */
export type Validation = NonNullable<FastifyError['validation']>[number] & {
  parentSchema?: { properties?: object };
  data?: unknown;
};

/** Returns the faults of a part of a request. `part`: absent for the body. */
export function faultsOf(validation: readonly Validation[], part?: string): InputFault[] {
  return helpfulFaults(validation).map((fault) => faultOf(fault, part));
}

/**
 * Returns the paths of absent fields in objects that have an unknown field: the unknown field may be one of them
 * misspelt.
 */
export function absentBesideStrays(validation: readonly Validation[], part?: string): string[] {
  const strays = validation.filter(({ keyword }) => keyword === 'additionalProperties');
  const objects = new Map(strays.map((one) => [one.instancePath, one]));
  return [...objects.values()].flatMap(({ instancePath, parentSchema, data }) =>
    Object.keys(parentSchema?.properties ?? {})
      .filter((field) => !Object.hasOwn(data as object, field))
      .map((field) => pathOf(part, instancePath, field)),
  );
}

/** Returns the prefix of the paths of a part of a request. */
function signOf(part: string | undefined): string {
  return part === 'querystring' ? '?' : part === 'params' ? ':' : part === 'headers' ? 'header ' : '/';
}

function pathOf(part: string | undefined, instancePath: string, field?: unknown): string {
  const sign = signOf(part);
  const path = field === undefined ? instancePath : instancePath + pointerTo([String(field)]);
  return sign === '/' ? path : sign + path.slice(1);
}

/**
 * Returns the faults that help a client. For a field that may have several forms, Ajv reports a fault for each form and
 * one for the field. Leaves out the fault for the field, and the fault for the form null. If the value has the type of
 * one form, also leaves out the faults of the other forms. Merges the faults of types into one, and those of allowed
 * values into one. If nothing is left, returns all faults.
 */
function helpfulFaults(validation: readonly Validation[]): Validation[] {
  const isNoise = ({ keyword, params }: Validation) =>
    keyword === 'anyOf' || (keyword === 'type' && params.type === 'null');
  const faults = withoutOtherForms(validation).filter((fault) => !isNoise(fault));
  const literals = faults.filter(({ keyword }) => keyword === 'const');
  const merged = Map.groupBy(literals, ({ instancePath }) => instancePath)
    .values()
    .map(([first, ...rest]) => {
      const allowedValues = [first, ...rest].map((fault) => fault?.params.allowedValue);
      return { ...(first as Validation), keyword: 'enum', params: { allowedValues } };
    });
  const helpful = [...faults.filter(({ keyword }) => keyword !== 'const'), ...merged];
  return helpful.length > 0 ? helpful : [...validation];
}

/** Returns the faults with at most one fault of type for each field that may have several forms. */
function withoutOtherForms(validation: readonly Validation[]): Validation[] {
  const several = new Set(validation.filter(({ keyword }) => keyword === 'anyOf').map((one) => one.instancePath));
  if (several.size === 0) return [...validation];
  const isType = ({ keyword, params }: Validation) => keyword === 'type' && params.type !== 'null';
  /**
   * The paths of fields that have a fault of another kind, or a fault inside. So the value has the type of one form.
   */
  const typed = new Set<string>();
  for (const fault of validation) {
    const { instancePath, keyword } = fault;
    if (keyword !== 'anyOf' && keyword !== 'type') typed.add(instancePath);
    typed.add(instancePath.slice(0, instancePath.lastIndexOf('/')));
  }
  const ofType = Map.groupBy(validation.filter(isType), ({ instancePath }) => instancePath);
  return validation.flatMap((fault) => {
    if (!several.has(fault.instancePath) || !isType(fault)) return fault;
    const faults = ofType.get(fault.instancePath) ?? [];
    if (faults[0] !== fault || typed.has(fault.instancePath)) return [];
    return { ...fault, message: `must be ${faults.map(({ params }) => params.type).join(' or ')}` };
  });
}

/** Returns a fault of Ajv with the path of the field. Ajv reports the path of the object around the field. */
function faultOf(
  { instancePath, keyword, params, message = 'is not valid', parentSchema }: Validation,
  context?: string,
): InputFault {
  const sign = signOf(context);
  const point = (field: unknown) => pathOf(context, instancePath, field);
  if (keyword === 'additionalProperties') {
    const field = String(params.additionalProperty);
    return { path: point(field), message: sign === '?' ? notParameter(field, parentSchema) : 'is not a known field' };
  }
  if (keyword === 'required') return { path: point(params.missingProperty), message: 'is needed' };
  if (keyword === 'enum') {
    return {
      path: point(undefined),
      message: `must be one of ${(params.allowedValues as unknown[]).join(', ')}`,
    };
  }
  const isText = sign !== '/' && params.type === 'boolean';
  return { path: point(undefined), message: isText ? 'must be true or false' : message };
}

/**
 * Returns the message for an unknown query parameter: it names the parameter that is probably meant, or else all known
 * ones.
 */
function notParameter(field: string, { properties = {} }: { properties?: object } = {}): string {
  const known = Object.keys(properties);
  const bare = (name: string) => name.toLowerCase().replaceAll(/[-_]/g, '');
  const near = known.find((name) => bare(name) === bare(field));
  const wayOut = near === undefined ? `known are ${known.join(', ') || 'none'}` : `do you mean ${near}?`;
  return `is not a query parameter here: ${wayOut}`;
}
