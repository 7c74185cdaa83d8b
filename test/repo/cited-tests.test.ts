// A test that a comment in src cites must exist, and must be about the module of the comment. The test imports that
// module, or its head says "Cited by" and the module's path.

import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

interface Citation {
  from: string;
  cited: string;
}

function citationsIn(from: string): Citation[] {
  return [...textOf(from).matchAll(/\btest\/[a-z0-9/.-]+\.ts\b/g)].map(([cited]) => ({ from, cited }));
}

function importsOf(file: string, { types }: { types: boolean }): string[] {
  const found = textOf(file).matchAll(/^(?:import|export)\s(type\s)?[^;]*?from '(\.[^']+)'|new URL\('(\.[^']+\.ts)'/gm);
  return [...found]
    .filter(([, isType]) => types || isType === undefined)
    .map(([, , from, url]) => relative(root, resolve(root, dirname(file), (from ?? url) as string)))
    .filter((imported) => existsSync(join(root, imported)));
}

/**
 * Returns the file and all that it imports, directly or through files that `through` accepts. Imports of types alone do
 * not count.
 */
function reachedFrom(file: string, through: (file: string) => boolean, types = false): Set<string> {
  const reached = new Set([file]);
  for (const one of reached) if (through(one)) for (const imported of importsOf(one, { types })) reached.add(imported);
  return reached;
}

const isTest = (file: string) => file.startsWith('test/');

/**
 * Returns whether the test, or a helper of it, imports the module, or names the module and reaches it through imports
 * of others.
 */
function proves({ from, cited }: Citation): boolean {
  const tests = reachedFrom(cited, isTest);
  if (tests.has(from)) return true;
  const names = [...tests].filter(isTest).some((file) => textOf(file).includes(from));
  return names && reachedFrom(cited, () => true, true).has(from);
}

const citations = globSync('src/**/*.{ts,js}', { cwd: root }).flatMap(citationsIn);

test('each test that a comment cites exists', () => {
  assert.deepEqual(
    citations.filter(({ cited }) => !existsSync(join(root, cited))),
    [],
  );
});

test('each test that a comment cites is about the module of the comment', () => {
  assert.ok(citations.length > 10);
  // Tests below test/repo/ read the text of all modules.
  const wrong = citations.filter((citation) => !citation.cited.startsWith('test/repo/') && !proves(citation));
  assert.deepEqual(wrong, []);
});
