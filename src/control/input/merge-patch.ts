// JSON merge patch (RFC 7396). A field that the patch does not have stays, null deletes a field, objects are merged,
// and any other value replaces the value of the field.

import { isKnown } from '../../model/unknown.ts';

type Json = Record<string, unknown>;

/** Returns a copy of the target with the patch applied. */
export function mergePatch<T extends object>(target: T, patch: object): T {
  if (!isKnown(patch)) return patch as T;
  const merged: Json = { ...(target as Json) };
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else merged[name] = isObject(value) ? mergePatch(isObject(merged[name]) ? merged[name] : {}, value) : value;
  }
  return merged as T;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
