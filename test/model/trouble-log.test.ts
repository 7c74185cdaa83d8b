// Trouble that lasts is logged twice: when it begins, and when it ends. Cited by src/model/trouble-log.ts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TroubleLog } from '../../src/model/trouble-log.ts';

test('however often an attempt fails, there is one warning when trouble begins and one line when it is over', () => {
  const lines: unknown[] = [];
  const log = (level: string) => (fields: unknown, message?: string) => lines.push([level, message, fields]);
  const logger = { debug: () => {}, info: log('info'), warn: log('warn'), error: log('error') };
  const trouble = new TroubleLog(logger, { begins: 'it fails, will retry', over: 'it works again' });
  trouble.succeeded();
  assert.deepEqual(lines, []);
  for (let failures = 0; failures < 3; failures += 1) trouble.failed(new Error('no answer'));
  trouble.succeeded();
  trouble.succeeded();
  trouble.failed('no room', { zone: 'k8s' });
  assert.deepEqual(lines, [
    ['warn', 'it fails, will retry', { reason: 'no answer' }],
    ['info', 'it works again', {}],
    ['warn', 'it fails, will retry', { zone: 'k8s', reason: 'no room' }],
  ]);
});
