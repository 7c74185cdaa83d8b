// The unit for systemd: how much it may reach, as systemd itself counts it. 10 is everything, 0 nothing.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findProgram } from '../support/peer-process.ts';

const unit = fileURLToPath(new URL('../../deploy/systemd/zonewright.service', import.meta.url));
// The test may be missing in a container: there is no systemd to install in most of them.
const skip = findProgram('systemd-analyze') === undefined ? 'there is no systemd here' : false;

test('the unit may reach little', { skip }, async () => {
  const { stdout } = await promisify(execFile)('systemd-analyze', ['security', '--offline=true', '--no-pager', unit]);
  const [, exposure] = /exposure level for zonewright\.service: ([\d.]+)/.exec(stdout) ?? [];
  assert.ok(Number(exposure) <= 2, stdout);
});
