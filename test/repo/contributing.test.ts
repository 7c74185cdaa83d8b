// CONTRIBUTING.md and the documents name only files and headings that exist, and the table of settings agrees with
// `--help`.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
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

test('the links of every document lead to a file, and to a heading in it', () => {
  const documents = [
    'README.md',
    'CONTRIBUTING.md',
    'CHANGELOG.md',
    ...readdirSync(`${root}docs`)
      .filter((name) => name.endsWith('.md'))
      .map((name) => `docs/${name}`),
  ];
  const links = documents.flatMap((document) =>
    [...read(document).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)].map(([, path = '', heading]) => ({
      from: document,
      to: path === '' ? document : join(dirname(document), path),
      heading,
    })),
  );
  assert.ok(links.length > 5);
  const broken = links.filter(({ to, heading }) => {
    if (!existsSync(root + to)) return true;
    return heading !== undefined && !headingsOf(read(to)).includes(heading);
  });
  assert.deepEqual(broken, []);
});

/** Returns the anchors that a Markdown renderer gives to the headings. */
function headingsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^a-z0-9 -]/g, '')
      .replaceAll(' ', '-'),
  );
}

test('CONTRIBUTING.md describes every room, and every file beside the rooms', () => {
  const text = read('CONTRIBUTING.md');
  assert.deepEqual(
    readdirSync(`${root}src`).filter((name) => !text.includes(`\`src/${name}\``)),
    [],
  );
});

/** The variable of a setting → its flag with its value, and its default. */
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

/** Reads the table of settings. One row may have several settings: `--a`, `--b` and `ZONEWRIGHT_X_A`, `_B`. */
function rowsOfTable(): Rows {
  const quoted = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
  const rows = [...read('docs/operations.md').matchAll(/^\|(.*)\| (`ZONEWRIGHT_.*?) \| (.*) \|$/gm)];
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

/** Settings whose default the table describes in words: it is long, or depends on the machine or on other settings. */
const inWords = ['ADVERTISE', 'REPLICA', 'ADMIN_TOKEN', 'DNS_THREADS', 'DNS_COOKIE_SECRET', 'DNS_RATE_LIMIT_ALLOW'];
inWords.push('DNS_TLS_LISTEN', 'DNS_HTTPS_LISTEN', 'LOG_FORMAT');

test('every setting has its row in docs/operations.md, with its flag and its default', () => {
  const [help, table] = [rowsOfHelp(), rowsOfTable()];
  assert.ok(help.size > 20);
  assert.deepEqual([...table.keys()].sort(), [...help.keys()].sort());
  for (const [variable, { flag, standard }] of help) {
    const row = table.get(variable);
    // The table shows the values of a flag only if the user must choose one of them.
    assert.equal(row?.flag, flag.includes('|') ? flag : flag.replace(/ .*/, ''), variable);
    const [, literal] = /^`([^`]+)`/.exec(row?.standard ?? '') ?? [];
    if (literal !== undefined) assert.equal(literal, standard, variable);
    else assert.ok(standard === '' || inWords.includes(variable.replace('ZONEWRIGHT_', '')), variable);
  }
});
