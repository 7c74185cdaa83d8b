// JSON merge patch (RFC 7396): absent keeps, null clears, objects merge, all else replaces.

type Json = Record<string, unknown>;

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
