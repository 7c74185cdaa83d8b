// Uses openapi.json as users do: the linters of Redocly and Spectral have no warnings, and a generated client plays the
// story of the README.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { adminToken } from '../support/api-client.ts';
import { servedApi } from '../support/served-api.ts';
import { descriptionTools } from './tools.ts';

const description = join(import.meta.dirname, '../../openapi/openapi.json');
const tools = descriptionTools();
const skip = tools === undefined && process.env.CI !== 'true' ? 'the linters are not installed' : false;
const tool = (name: string) => join(tools as string, 'node_modules', name);

/**
 * Runs a script with Node in another process, because this process serves the API. Resolves when the script has ended.
 */
async function run(script: string, ...args: string[]): Promise<void> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, ...args]);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  const [status] = await new Promise<unknown[]>((resolve) => child.once('close', (...end) => resolve(end)));
  assert.equal(status, 0, output);
}

test('Redocly has no error and no warning', { skip }, async () => {
  const redocly = await import(tool('@redocly/openapi-core/lib/index.js'));
  const config = await redocly.createConfig({ extends: ['recommended'] });
  const problems = (await redocly.lint({ ref: description, config })) as { ruleId: string; message: string }[];
  assert.deepEqual(
    problems.map(({ ruleId, message }) => `${ruleId}: ${message}`),
    [],
  );
});

test('Spectral has no error and no warning', { skip }, (t) => {
  const folder = mkdtempSync(join(tools as string, 'spectral-'));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'rules.yaml'), 'extends: ["spectral:oas"]\n');
  const args = ['lint', '--fail-severity=warn', '-r', join(folder, 'rules.yaml'), description];
  const { status, stdout } = spawnSync(tool('.bin/spectral'), args, { encoding: 'utf8' });
  assert.equal(status, 0, stdout);
});

test('a client that is generated from openapi.json compiles, and plays the story of the README', {
  skip,
}, async (t) => {
  const folder = mkdtempSync(join(tools as string, 'client-'));
  t.after(() => rmSync(folder, { recursive: true }));
  copyFileSync(join(import.meta.dirname, 'story.ts'), join(folder, 'story.ts'));
  await run(tool('openapi-typescript/bin/cli.js'), description, '--output', join(folder, 'api.d.ts'));
  const compilerOptions = {
    strict: true,
    noEmit: true,
    module: 'nodenext',
    target: 'esnext',
    allowImportingTsExtensions: true,
    types: ['node'],
    typeRoots: [join(import.meta.dirname, '../../node_modules/@types')],
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['story.ts'] }));
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
  await run(join(import.meta.dirname, '../../node_modules/typescript/bin/tsc'), '--project', folder);
  const { url } = await servedApi(t);
  await run(join(folder, 'story.ts'), url, adminToken);
});
