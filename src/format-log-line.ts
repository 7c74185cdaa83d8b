// Formats a line of the log for people who read it on a terminal (`--log-format text`). Lines in JSON stay as pino
// writes them.

import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

const levels: Readonly<Record<number, readonly [name: string, style: Style]>> = {
  10: ['TRACE', 'gray'],
  20: ['DEBUG', 'gray'],
  30: ['INFO', 'green'],
  40: ['WARN', 'yellow'],
  50: ['ERROR', 'red'],
  60: ['FATAL', 'red'],
};

/** Fields that are left out: they are the same in each line, or have a place of their own in the text. */
const left: ReadonlySet<string> = new Set(['level', 'time', 'pid', 'hostname', 'msg', 'err']);

/**
 * Returns a line of pino's JSON as text: time, level, message, then the other fields. The stack of an error follows on
 * lines of its own. Control characters are escaped: a terminal would obey them.
 */
export function formatLogLine(json: string, { colors = false } = {}): string {
  const paint = (style: Style, text: string) => (colors ? styleText(style, text, { validateStream: false }) : text);
  const line = JSON.parse(json) as Record<string, unknown>;
  const [name, style] = levels[Number(line.level)] ?? [String(line.level), 'white'];
  const fields = Object.entries(line)
    .filter(([key]) => !left.has(key))
    .map(([key, value]) => `${paint('dim', `${key}=`)}${formatValue(value)}`);
  const parts = [timeOf(Number(line.time)), paint(style, name.padEnd(5)), escaped(String(line.msg ?? '')), ...fields];
  const { stack } = (line.err ?? {}) as { stack?: string };
  return `${parts.join(' ')}\n${stack === undefined ? '' : `${stack.split('\n').map(escaped).join('\n')}\n`}`;
}

/** Returns the time of day in this machine's time zone. */
function timeOf(milliseconds: number): string {
  const time = new Date(milliseconds);
  const two = (value: number) => String(value).padStart(2, '0');
  const parts = [time.getHours(), time.getMinutes(), time.getSeconds()].map(two);
  return `${parts.join(':')}.${String(time.getMilliseconds()).padStart(3, '0')}`;
}

function formatValue(value: unknown): string {
  if (typeof value !== 'string') return escaped(JSON.stringify(value));
  return /^[^\s"=]+$/.test(value) ? escaped(value) : escaped(JSON.stringify(value));
}

function escaped(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
