// What CONTRIBUTING.md and the README name is there.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { describeSettings } from '../../src/config.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string): string => readFileSync(`${root}${file}`, 'utf8');

test('the files and folders that CONTRIBUTING.md names exist', () => {
  const named = [...read('CONTRIBUTING.md').matchAll(/`((?:src|test|bench)\/[a-z0-9/.-]*)`/g)].map(
    ([, path]) => path ?? '',
  );
  assert.ok(named.length > 10);
  assert.deepEqual(
    named.filter((path) => !existsSync(root + path)),
    [],
  );
});

test('CONTRIBUTING.md says what is in every room, and in every file beside them', () => {
  const text = read('CONTRIBUTING.md');
  assert.deepEqual(
    readdirSync(`${root}src`).filter((name) => !text.includes(`\`src/${name}\``)),
    [],
  );
});

/** A setting by its variable: the flag with its value, and the default, as the help or the README has them. */
type Rows = Map<string, { flag: string; standard: string }>;

function rowsOfHelp(): Rows {
  const line = /^ {2}(?:(--\S+ \S+))? +(ZONEWRIGHT_\w+) +.*?(?: \(default: (.*)\))?$/gm;
  return new Map(
    [...describeSettings().matchAll(line)].map(([, flag = '', variable = '', standard = '']) => [
      variable,
      { flag, standard },
    ]),
  );
}

/** A row of the README may have several settings: `--a`, `--b` and `ZONEWRIGHT_X_A`, `_B`. */
function rowsOfReadme(): Rows {
  const quoted = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
  const rows = [...read('README.md').matchAll(/^\|(.*)\| (`ZONEWRIGHT_.*?) \| (.*) \|$/gm)];
  return new Map(
    rows.flatMap(([, flags = '', variables = '', standard = '']) => {
      const [first = ''] = quoted(variables);
      return quoted(variables).map((name, index) => [
        name.startsWith('_') ? first.replace(/_[A-Z]+$/, name) : name,
        { flag: quoted(flags.replaceAll('\\|', '|'))[index] ?? '', standard },
      ]);
    }),
  );
}

/** Whose default depends on the machine or on other settings, or is long: the README has it in words. */
const inWords = ['ADVERTISE', 'REPLICA', 'ADMIN_TOKEN', 'DNS_THREADS', 'DNS_COOKIE_SECRET', 'DNS_RATE_LIMIT_ALLOW'];
inWords.push('DNS_TLS_LISTEN', 'DNS_HTTPS_LISTEN');

test('every setting has its row in the README, with its flag and its default', () => {
  const [help, readme] = [rowsOfHelp(), rowsOfReadme()];
  assert.ok(help.size > 20);
  assert.deepEqual([...readme.keys()].sort(), [...help.keys()].sort());
  for (const [variable, { flag, standard }] of help) {
    const row = readme.get(variable);
    // The values are there where one of them must be chosen.
    assert.equal(row?.flag, flag.includes('|') ? flag : flag.replace(/ .*/, ''), variable);
    const [, literal] = /^`([^`]+)`/.exec(row?.standard ?? '') ?? [];
    if (literal !== undefined) assert.equal(literal, standard, variable);
    else assert.ok(standard === '' || inWords.includes(variable.replace('ZONEWRIGHT_', '')), variable);
  }
});
