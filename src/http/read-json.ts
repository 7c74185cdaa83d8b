// A JSON body without the silence of JSON.parse, which replaces octets that are no UTF-8 and keeps the last of two fields of one name.

import { faultyInput, type InputFault, maxFaults, pointerTo, refuse } from '../errors.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });
/** No request has more levels than a handful. Pointers grow with them, and all that walks the value goes as deep. */
const greatestDepth = 64;
/** Signs in all pointers together: a field's name can be as long as the body, and a fault can be in each of its own fields. */
const greatestPointers = 10_000;

/** An object or an array that the text is in the middle of. */
interface Level {
  /** The fields of an object that have come so far. */
  fields: Set<string> | undefined;
  /** The field that comes or goes on; of an array its index. */
  step: string | number;
}

/** Refuses with `invalid_request`. */
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

/** Of a text that is known to be JSON: only its strings matter, and what gives it its shape. The first of many faults. */
function faultsIn(text: string): InputFault[] {
  const faults: InputFault[] = [];
  let pointers = 0;
  const levels: Level[] = [];
  let level: Level | undefined;
  let isField = false;
  for (let at = 0; at < text.length && faults.length < maxFaults && pointers < greatestPointers; at += 1) {
    const sign = text[at];
    if (sign === '"') {
      const end = endOfString(text, at);
      if (isField && level?.fields !== undefined) {
        const field = JSON.parse(text.slice(at, end + 1)) as string;
        level.step = field;
        const fault = (message: string) => {
          const pointer = pointerTo(levels.map(({ step }) => step));
          pointers += pointer.length;
          faults.push({ pointer, message });
        };
        // Assigned, it would become the object's prototype.
        if (field === '__proto__') fault('is not a known field');
        else if (level.fields.has(field)) fault('is given twice');
        level.fields.add(field);
      }
      at = end;
      isField = false;
    } else if (sign === '{' || sign === '[') {
      if (levels.length === greatestDepth) refuse('invalid_request', `the body has more than ${greatestDepth} levels`);
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

function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let escapes = end;
    while (text[escapes - 1] === '\\') escapes -= 1;
    if ((end - escapes) % 2 === 0) return end;
  }
}
