// The priority of a thread is lowered, or stays the same if it is already lower.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';

const script = `
  const { lowerPriority } = await import(${JSON.stringify(new URL('../src/lower-priority.ts', import.meta.url).href)});
  const { getPriority } = await import('node:os');
  lowerPriority();
  console.log(getPriority());
`;

/** Starts a process with this priority, which lowers it. Returns the priority (`nice`) after that. */
function loweredFrom(priority: number): number {
  const args = ['-n', String(priority), process.execPath, '--input-type=module', '--eval', script];
  return Number(execFileSync('nice', args, { encoding: 'utf8' }));
}

test('a priority becomes lower, but never higher', { skip: process.platform !== 'linux' }, () => {
  assert.ok(loweredFrom(0) >= 10);
  assert.equal(loweredFrom(19), 19);
});
