// Rules for files: their names, heads, length, and the width of comments.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** The folder of code that Prisma generates (prisma/generate.ts). */
const generated = 'src/ledger/generated/';
const files = ['src', 'test', 'bench', 'openapi', 'prisma'].flatMap((folder) => {
  try {
    return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ts|js)$/.test(file))
      .map((file) => join(folder, file))
      .filter((file) => !file.startsWith(generated));
  } catch {
    return [];
  }
});
const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

test('files are named in kebab-case', () => {
  assert.deepEqual(
    files.filter((file) => !/^([a-z0-9-]+\/)*[a-z0-9.-]+\.(ts|js)$/.test(file)),
    [],
  );
});

test('files have 600 lines at most', () => {
  assert.deepEqual(
    files.filter((file) => textOf(file).split('\n').length > 601),
    [],
  );
});

test('every file begins with a comment', () => {
  const headless = files.filter((file) => !/^(#!.*\n)?\/\/ \S/.test(textOf(file)));
  assert.deepEqual(headless, []);
});

test('comment lines have 120 columns at most', () => {
  const tooWide = files.flatMap((file) =>
    textOf(file)
      .split('\n')
      .flatMap((line, index) => (/^\s*(\/\/|\/\*|\*)/.test(line) && line.length > 120 ? [`${file}:${index + 1}`] : [])),
  );
  assert.deepEqual(tooWide, []);
});

test('every test that a file names exists', () => {
  const missing = files.flatMap((file) =>
    [...textOf(file).matchAll(/\btest\/[a-z0-9/.-]+\.test\.ts/g)]
      .map(([name]) => name)
      .filter((name) => !files.includes(name))
      .map((name) => `${file}: ${name}`),
  );
  assert.deepEqual(missing, []);
});
