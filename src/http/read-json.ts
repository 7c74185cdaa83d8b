// Reads a JSON body. Also refuses what JSON.parse accepts in silence: octets that are not UTF-8, a field that is given
// twice, the field `__proto__`, and too many levels of nesting.

import { faultyInput, type InputFault, maxFaults, refuse } from '../errors.ts';
import { pointerTo } from './json-pointer.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });
/**
 * Levels of nesting. Requests need few. The paths of faults grow with the depth, and so does recursion over the value.
 */
const maxDepth = 64;
/** Characters in the paths of all faults together: a field's name can be as long as the body, and be in many paths. */
const maxPathsLength = 10_000;

/** An object or an array whose end is still to come. */
interface Level {
  /** The fields of an object up to here; undefined for an array. */
  fields: Set<string> | undefined;
  /** The current field of an object, or index of an array. */
  step: string | number;
}

/** Returns the value of a JSON body. Refuses a faulty body with `invalid_request`. */
export function readJson(body: Buffer): unknown {
  let text: string;
  try {
    text = utf8.decode(body);
  } catch {
    return refuse('invalid_request', 'the body is not UTF-8');
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refuse('invalid_request', `the body is not JSON: ${(error as Error).message}`);
  }
  const errors = faultsIn(text);
  if (errors.length === 0) return value;
  throw faultyInput(errors);
}

/** Returns the first faults of a text that is valid JSON. Only strings, brackets and commas matter. */
function faultsIn(text: string): InputFault[] {
  const faults: InputFault[] = [];
  let pathsLength = 0;
  const levels: Level[] = [];
  let level: Level | undefined;
  let isField = false;
  for (let at = 0; at < text.length && faults.length < maxFaults && pathsLength < maxPathsLength; at += 1) {
    const sign = text[at];
    if (sign === '"') {
      const end = endOfString(text, at);
      if (isField && level?.fields !== undefined) {
        const field = JSON.parse(text.slice(at, end + 1)) as string;
        level.step = field;
        const fault = (message: string) => {
          const path = pointerTo(levels.map(({ step }) => step));
          pathsLength += path.length;
          faults.push({ path, message });
        };
        // Code that assigns a field of this name sets the prototype.
        if (field === '__proto__') fault('is not a known field');
        else if (level.fields.has(field)) fault('is given twice');
        level.fields.add(field);
      }
      at = end;
      isField = false;
    } else if (sign === '{' || sign === '[') {
      if (levels.length === maxDepth) refuse('invalid_request', `the body has more than ${maxDepth} levels`);
      isField = sign === '{';
      level = { fields: isField ? new Set() : undefined, step: 0 };
      levels.push(level);
    } else if (sign === '}' || sign === ']') {
      levels.pop();
      level = levels.at(-1);
    } else if (sign === ',' && level !== undefined) {
      isField = level.fields !== undefined;
      if (typeof level.step === 'number') level.step += 1;
    }
  }
  return faults;
}

/** Returns the index of the quote that ends the string which begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let escapes = end;
    while (text[escapes - 1] === '\\') escapes -= 1;
    if ((end - escapes) % 2 === 0) return end;
  }
}
