// Every code of refusal is used, and docs/api.md explains it.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { errorCodes } from '../../src/errors.ts';

const source = fileURLToPath(new URL('../../src/', import.meta.url));
const page = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');
const code = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && file !== 'errors.ts')
  .map((file) => readFileSync(`${source}${file}`, 'utf8'))
  .join('\n');

for (const [name, [status]] of Object.entries(errorCodes)) {
  test(`the code ${name} is used in a refusal, and documented`, () => {
    // A comparison with a code is not a refusal.
    const refusal = new RegExp(
      `(?:refuse(?:Field)?\\(|Refusal\\(|super\\(|code: |\\? |\\.fault\\([^;]*, )\\s*'${name}'`,
    );
    assert.ok(refusal.test(code), `no code refuses with ${name}`);
    assert.match(page, new RegExp(`\\| \`${name}\` \\| ${status} \\|`), `docs/api.md has no row for ${name}`);
  });
}
