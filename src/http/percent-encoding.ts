// Refuses URLs that are not UTF-8 in percent-encoding. Fastify would use the undecoded text: `%FC` as a name.

import { faultyInput, type InputFault, joinFirst, maxFaults, Refusal } from '../errors.ts';

const needed = 'must be percent-encoded UTF-8 (ü is %C3%BC)';

/** Returns the refusal of a path that cannot be decoded. */
export function undecodablePath(url: string): Refusal {
  const segments = url
    .replace(/[?#].*/s, '')
    .split('/')
    .filter((segment) => !isDecodable(segment));
  return new Refusal('invalid_request', `${joinFirst(segments.map((one) => `'${one}'`))} in the path ${needed}`);
}

/** Refuses a query with parameters that cannot be decoded (test/http/paths-and-methods.test.ts). */
export function checkQuery(url: string): void {
  const query = /[?#](.*)/s.exec(url)?.[1] ?? '';
  if (isDecodable(query)) return;
  const faults: InputFault[] = [];
  for (const parameter of query.split('&')) {
    if (!isDecodable(parameter)) faults.push({ path: `?${parameter.replace(/=.*/s, '')}`, message: needed });
    if (faults.length === maxFaults) break;
  }
  throw faultyInput(faults);
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
