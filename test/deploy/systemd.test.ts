// The units for systemd: how much they may reach, as systemd itself counts it. 10 is everything, 0 nothing.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findProgram } from '../support/peer-process.ts';

const folder = fileURLToPath(new URL('../../deploy/systemd/', import.meta.url));
// The test may be missing in a container: there is no systemd to install in most of them.
const skip = findProgram('systemd-analyze') === undefined ? 'there is no systemd here' : false;

for (const unit of ['zonewright.service', 'zonewright-backup.service']) {
  test(`${unit} may reach little`, { skip }, async () => {
    const args = ['security', '--offline=true', '--no-pager', folder + unit];
    const { stdout } = await promisify(execFile)('systemd-analyze', args);
    const [, exposure] = /exposure level for \S+: ([\d.]+)/.exec(stdout) ?? [];
    assert.ok(Number(exposure) <= 2, stdout);
  });
}

test('the timer is right', { skip }, async () => {
  // Its service is checked with it. The command of that is a file of another machine.
  const { stderr } = await promisify(execFile)('systemd-analyze', ['verify', `${folder}zonewright-backup.timer`]);
  assert.deepEqual(
    stderr.split('\n').filter((line) => line !== '' && !/is not executable: No such file/.test(line)),
    [],
  );
});
