// The exposure of the systemd services, as `systemd-analyze security` computes it: 10 means no protection, 0 means full
// protection. Also checks the timer.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findProgram } from '../support/peer-process.ts';

const folder = fileURLToPath(new URL('../../deploy/systemd/', import.meta.url));
// The tests are skipped without systemd, also under CI, because most containers have none.
const skip = findProgram('systemd-analyze') === undefined ? 'there is no systemd here' : false;

for (const unit of ['zonewright.service', 'zonewright-backup.service']) {
  test(`${unit} has a low exposure`, { skip }, async () => {
    const args = ['security', '--offline=true', '--no-pager', folder + unit];
    const { stdout } = await promisify(execFile)('systemd-analyze', args);
    const [, exposure] = /exposure level for \S+: ([\d.]+)/.exec(stdout) ?? [];
    assert.ok(Number(exposure) <= 2, stdout);
  });
}

test('systemd accepts the timer', { skip }, async () => {
  // systemd also checks the service of the timer, whose command does not exist on this machine.
  const { stderr } = await promisify(execFile)('systemd-analyze', ['verify', `${folder}zonewright-backup.timer`]);
  assert.deepEqual(
    stderr.split('\n').filter((line) => line !== '' && !/is not executable: No such file/.test(line)),
    [],
  );
});
