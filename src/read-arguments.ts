// Reads the arguments of a command for config.ts: flags of settings, and the file and the flags that only this command
// has. Faults are added to a list.

import { parseArgs } from 'node:util';
import type { CommandOption, OptionValues } from './command-options.ts';
import { InvalidValue } from './model/invalid-value.ts';
import { unknownValue } from './model/unknown.ts';
import { partsOf, settingRows } from './settings.ts';

/** The values of the flags by their names, without switches. */
export type Flags = Readonly<Record<string, string | undefined>>;

export interface Arguments {
  flags: Flags;
  switches: ReadonlySet<string>;
  /** The command's file, or whatever it takes in place of a file; empty if there is none. */
  file: string;
  /** The flags whose value is not known, because none was given, or several. */
  unclear: ReadonlySet<string>;
  /** True: there are unknown flags or extra arguments, which may be meant for any setting. */
  hasStrays: boolean;
}

/** Reads the arguments of a command. A command with flags of its own also takes a file, or something else: `what`. */
export function readArguments(
  args: readonly string[],
  faults: string[],
  own?: Readonly<Record<string, CommandOption>>,
  what = 'file',
): Arguments {
  const ownRows = Object.values(own ?? {});
  const switches = ownRows.flatMap(({ flag, parse }) => (parse === undefined ? [flag] : []));
  const known = [...settingRows, ...ownRows].flatMap(({ flag }) => (flag === undefined ? [] : [flag]));
  const typeOf = (flag: string) => (switches.includes(flag) ? ('boolean' as const) : ('string' as const));
  const options = Object.fromEntries(known.map((flag) => [flag, { type: typeOf(flag) }]));
  // parseArgs would take the next flag as the value of a flag that has none.
  const lacksValue = (arg: string, index: number) =>
    arg.startsWith('--') && options[arg.slice(2)]?.type === 'string' && args[index + 1]?.startsWith('--') === true;
  const empty = args.filter(lacksValue).map((arg) => arg.slice(2));
  const { tokens } = parseArgs({
    args: args.filter((arg, index) => !lacksValue(arg, index)),
    options,
    strict: false,
    tokens: true,
    allowPositionals: true,
  });
  const given = new Map<string, string>();
  const repeated = new Set<string>();
  let hasStrays = false;
  const files: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') files.push(token.value);
    if (token.kind !== 'option') continue;
    const isSwitch = switches.includes(token.name);
    if (!known.includes(token.name)) {
      faults.push(`${token.rawName} is not a flag: see --help`);
      hasStrays = true;
    } else if (isSwitch && token.value !== undefined) faults.push(`${token.rawName} takes no value`);
    else if (!isSwitch && token.value === undefined) empty.push(token.name);
    else if ((given.get(token.name) ?? token.value) !== token.value) repeated.add(token.name);
    else given.set(token.name, token.value ?? '');
  }
  for (const flag of empty) faults.push(`--${flag} needs a value`);
  const extras = own === undefined ? files : files.slice(1);
  for (const extra of extras)
    faults.push(`'${extra}' is not expected here: a flag begins with --, and npm start takes flags after a --`);
  if (own !== undefined && files.length === 0) faults.push(`the ${what} is missing: name it after the command`);
  for (const flag of repeated) faults.push(`--${flag} is given more than once, with different values`);
  return {
    flags: Object.fromEntries([...given].filter(([flag]) => !switches.includes(flag))),
    switches: new Set(switches.filter((flag) => given.has(flag))),
    file: files[0] ?? '',
    unclear: new Set([...empty, ...repeated]),
    hasStrays: hasStrays || extras.length > 0,
  };
}

export function readOptions<Rows extends Readonly<Record<string, CommandOption>>>(
  rows: Rows,
  { flags, switches, unclear }: Arguments,
  faults: string[],
): OptionValues<Rows> {
  const values = Object.entries(rows).map(([name, { flag, parse }]) => {
    if (parse === undefined) return [name, switches.has(flag)];
    if (unclear.has(flag)) return [name, unknownValue];
    const given = flags[flag];
    return [name, given === undefined ? undefined : parsed(parse, given, (part) => `--${flag}: '${part}' `, faults)];
  });
  return Object.fromEntries(values) as OptionValues<Rows>;
}

/**
 * Returns the parsed text. If it is wrong, adds the faults and returns an unknown value. `where` returns how the fault
 * of a text begins; the text is the whole value, or a part of a list.
 */
export function parsed<T>(
  parse: (text: string) => T,
  given: string,
  where: (part: string) => string,
  faults: string[],
): T {
  try {
    return parse(given);
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error;
    for (const { message, path } of [error, ...error.others]) {
      const part = path === '' ? given : (partsOf(given)[Number(path.slice(1))] ?? given);
      faults.push(where(part) + message);
    }
    return unknownValue;
  }
}
