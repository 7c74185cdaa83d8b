// Progress on standard error: one line that changes on a terminal, and whole lines for a log.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Progress, shownSize } from '../../src/cli/progress.ts';
import { until } from '../support/until.ts';

function streamOf({ isTTY }: { isTTY: boolean }) {
  const written: string[] = [];
  return { written, stream: { isTTY, write: (text: unknown) => written.push(String(text)) > 0 } };
}

test('on a terminal, progress is one line that changes and that is removed at the end', async () => {
  const { written, stream } = streamOf({ isTTY: true });
  const progress = new Progress(stream);
  progress.show(() => 'too early');
  progress.end();
  assert.equal(written.length, 0);
  await delay(250);
  progress.show(() => 'one');
  progress.wait('waiting');
  await until(() => written.some((text) => text.includes('waiting (0 s)')), 'nothing is shown during the wait');
  const showTwo = () => {
    progress.show(() => 'two');
    return written.at(-1)?.endsWith('two') === true;
  };
  await until(showTwo, 'nothing is shown after the wait');
  progress.end();
  assert.equal(written[0], '\r\x1b[Kone');
  assert.deepEqual(written.slice(-2), ['\r\x1b[Ktwo', '\r\x1b[K']);
});

test('in a log, progress is one whole line every few seconds', async () => {
  const { written, stream } = streamOf({ isTTY: false });
  const progress = new Progress(stream);
  let calls = 0;
  const shown = () => {
    progress.show(() => `${++calls}`);
    return written.length >= 2;
  };
  await until(shown, 'no line');
  progress.end();
  assert.deepEqual(written, ['1\n', '2\n']);
});

test('a size has three digits and a unit', () => {
  const cases = [
    [0, '0 octets'],
    [999, '999 octets'],
    [1000, '1.00 kB'],
    [123_456_789, '123 MB'],
    [999_999, '1000 kB'],
    [12_345, '12.3 kB'],
    [5e15, '5000 TB'],
  ] as const;
  for (const [octets, text] of cases) assert.equal(shownSize(octets), text);
});
