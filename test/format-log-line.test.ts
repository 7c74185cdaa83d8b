// The log as text, for people.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { formatLogLine } from '../src/format-log-line.ts';

const time = new Date(2026, 0, 2, 3, 4, 5, 6).getTime();
const line = (fields: object) => JSON.stringify({ level: 30, time, pid: 1, hostname: 'h', ...fields });

test('a line has its time, level, message and fields', () => {
  const changed = { who: 'admin', what: 'POST /v1/hosts', revision: 7, list: ['a', 'b'], msg: 'changed' };
  const text = '03:04:05.006 INFO  changed who=admin what="POST /v1/hosts" revision=7 list=["a","b"]\n';
  assert.equal(formatLogLine(line(changed)), text);
  const colored = formatLogLine(line(changed), { colors: true });
  assert.notEqual(colored, text);
  assert.equal(stripVTControlCharacters(colored), text);
});

test('the stack of an error follows on lines of its own', () => {
  const err = { type: 'TypeError', message: 'x is not y', stack: 'TypeError: x is not y\n    at z' };
  assert.equal(
    formatLogLine(line({ level: 60, err, msg: 'x is not y' })),
    '03:04:05.006 FATAL x is not y\nTypeError: x is not y\n    at z\n',
  );
});

test('control characters are escaped, because a terminal would obey them', () => {
  const evil = 'a\u001b[2Jb\nc\u009b';
  const text = formatLogLine(line({ msg: evil, name: evil, err: { stack: evil } }));
  assert.deepEqual(text.match(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g), null);
  assert.equal(text.split('\n').length, 4, 'there are other lines than that of the message and those of the stack');
});
