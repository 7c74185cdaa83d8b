// JSON merge patch (RFC 7396): an absent field stays, null clears it, objects are merged, all else is replaced.

type Json = Record<string, unknown>;

/** Returns the target with the patch applied. The target stays as it is. */
export function mergePatch<T extends object>(target: T, patch: object): T {
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
