// What CONTRIBUTING.md and the README name is there.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
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

test('every setting has its row in the README, with its default', () => {
  const readme = read('README.md');
  const help = describeSettings();
  for (const [flag] of help.matchAll(/--[a-z-]+/g)) assert.ok(readme.includes(flag), `${flag} is not in the README`);
  for (const [variable] of help.matchAll(/ZONEWRIGHT_[A-Z_]+/g)) {
    const short = variable.replace('ZONEWRIGHT_ETCD', '');
    assert.ok(readme.includes(variable) || readme.includes(`\`${short}\``), `${variable} is not in the README`);
  }
});
