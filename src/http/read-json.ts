// Reads a JSON body. Refuses octets that are not UTF-8, and a field that is given twice: Node accepts them in silence.
// Also refuses, before JSON.parse runs, texts that would block this thread too long.

import { faultyInput, type InputFault, maxFaults, refuse, refuseField } from '../errors.ts';
import { nextTurn, turn } from '../model/turn.ts';
import { pointerTo } from './json-pointer.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });
/** Levels of nesting. Requests need few. Deep values would make long paths of faults and deep recursion. */
const maxDepth = 64;
/** Values of all levels together: enough for a patch of 100 RRsets with 1,000 records each. */
const maxValues = 150_000;
/** The maximum number of fields of one object. Requests need at most 64: the tags of a host. */
const maxFields = 10_000;
/** Characters in the paths of all faults together: a field's name can be as long as the body, and be in many paths. */
const maxPathsLength = 10_000;
/** In characters. Each step of reading a longer text gets its own turn of the event loop. */
const longText = 100_000;

/** An object or an array whose end was not read yet. */
interface Level {
  /** The names of the fields that were read so far; undefined for an array. */
  fields: Set<string> | undefined;
  /** The current field of an object, or index of an array. */
  step: string | number;
}

/**
 * Returns the value of a JSON body. Refuses with `invalid_request`, or with `payload_too_large` if there are too many
 * values. Fields that are given twice are refused later, together with other faults ({@link faultsOfJson}),
 * unless they alone fill a response.
 */
export async function readJson(body: Buffer): Promise<unknown> {
  await turn();
  let text: string;
  try {
    text = utf8.decode(body);
  } catch {
    return refuse('invalid_request', 'the body is not UTF-8');
  }
  const faults = faultsIn(text);
  if (text.length > longText) await nextTurn();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refuse('invalid_request', `the body is not JSON: ${(error as Error).message}`);
  }
  if (text.length > longText) await nextTurn();
  if (faults.length === 0) return value;
  // No further fault would be shown, or a field sets a prototype, which other code must never see.
  if (faults.length >= maxFaults || faults.some(({ path }) => path.endsWith('/__proto__'))) throw faultyInput(faults);
  noted.set(value as object, faults);
  return value;
}

/** Faults of bodies, by the value that was read from the body. */
const noted = new WeakMap<object, InputFault[]>();

/** Returns the faults of the text of a body that {@link readJson} has read: fields that are given twice. */
export function faultsOfJson(body: unknown): readonly InputFault[] {
  return (typeof body === 'object' && body !== null && noted.get(body)) || [];
}

/**
 * Returns the first faults of a text. Refuses a text with too many levels, values or fields. Looks only at strings,
 * brackets and commas: it does not notice that a text is not JSON.
 */
function faultsIn(text: string): InputFault[] {
  const faults: InputFault[] = [];
  let pathsLength = 0;
  let values = 1;
  const levels: Level[] = [];
  let level: Level | undefined;
  let isField = false;
  const path = () => pointerTo(levels.map(({ step }) => step));
  const note = (message: string) => {
    if (faults.length === maxFaults || pathsLength >= maxPathsLength) return;
    faults.push({ path: path(), message });
    pathsLength += faults.at(-1)?.path.length ?? 0;
  };
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case code.quote: {
        const end = endOfString(text, at);
        const field = isField && level?.fields !== undefined ? fieldIn(text, at, end) : undefined;
        if (end < 0) return faults;
        if (field !== undefined && level?.fields !== undefined) {
          level.step = field;
          // Assigning a field of this name would set the prototype.
          if (field === '__proto__') note('is not a known field');
          else if (level.fields.has(field)) note('is given twice');
          level.fields.add(field);
          if (level.fields.size > maxFields) {
            levels.pop();
            refuseField('invalid_request', path(), `has more than ${maxFields} fields`);
          }
        }
        at = end;
        isField = false;
        break;
      }
      case code.openObject:
      case code.openArray:
        if (levels.length === maxDepth) refuse('invalid_request', `the body has more than ${maxDepth} levels`);
        isField = text.charCodeAt(at) === code.openObject;
        level = { fields: isField ? new Set() : undefined, step: 0 };
        levels.push(level);
        values += 1;
        break;
      case code.closeObject:
      case code.closeArray:
        levels.pop();
        level = levels.at(-1);
        break;
      case code.comma:
        values += 1;
        if (values > maxValues) {
          refuse('payload_too_large', `the body has more than ${maxValues} values: split the request`);
        }
        if (level === undefined) break;
        isField = level.fields !== undefined;
        if (typeof level.step === 'number') level.step += 1;
    }
  }
  return faults;
}

const code = {
  quote: 0x22,
  comma: 0x2c,
  backslash: 0x5c,
  openArray: 0x5b,
  closeArray: 0x5d,
  openObject: 0x7b,
  closeObject: 0x7d,
} as const;

/**
 * Returns the name of the field whose quotes are at `start` and `end`. Returns undefined if the name has a backslash
 * and is not a JSON string.
 */
function fieldIn(text: string, start: number, end: number): string | undefined {
  const inside = text.slice(start + 1, end);
  if (!inside.includes('\\')) return inside;
  try {
    return JSON.parse(text.slice(start, end + 1)) as string;
  } catch {
    return undefined;
  }
}

/** Returns the index of the quote that ends the string which begins at `start`; -1 if there is none. */
function endOfString(text: string, start: number): number {
  const end = text.indexOf('"', start + 1);
  if (text.charCodeAt(end - 1) !== code.backslash) return end;
  for (let at = start + 1; at < text.length; at += 1) {
    const sign = text.charCodeAt(at);
    if (sign === code.backslash) at += 1;
    else if (sign === code.quote) return at;
  }
  return -1;
}
