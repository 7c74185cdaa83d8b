// Pages of Node's program are removed from the memory of the process after the start. Pages that were written, or may
// be, stay: their contents would be lost.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { unmapProgram, unwrittenParts } from '../../../src/dns/listen/libc.ts';

const part = (head: string, anonymous: number) => `${head}
Size:                100 kB
Rss:                  64 kB
Anonymous:      ${String(anonymous).padStart(8)} kB
VmFlags: rd mr mw me
`;

test('only those parts of the program are found that were not written and cannot be', () => {
  const smaps = [
    part('00400000-0082d000 r--p 00000000 fe:00 1234                               /opt/node 26/bin/node', 0),
    part('0082e000-03489000 r-xp 0042d000 fe:00 1234                               /opt/node 26/bin/node', 0),
    part('03489000-07000000 r--p 03088000 fe:00 1234                               /opt/node 26/bin/node', 8),
    part('07000000-07100000 rw-p 06bff000 fe:00 1234                               /opt/node 26/bin/node', 0),
    part('07100000-07200000 rw-p 00000000 00:00 0 ', 0),
    part('36546000-37846000 rw-p 00000000 00:00 0                                  [heap]', 100),
    part('7fe686c44000-7fe686d9a000 r-xp 00026000 fe:00 99                         /lib/libc.so.6', 0),
    part('7fe686e00000-7fe686e10000 r-xp 00026000 fe:00 99                         /opt/node 26/bin/node (deleted)', 0),
  ].join('');
  assert.deepEqual(unwrittenParts(smaps, '/opt/node 26/bin/node'), [
    { start: 0x00400000n, end: 0x0082d000n },
    { start: 0x0082e000n, end: 0x03489000n },
  ]);
});

test('the program takes less memory, and still works', { skip: process.platform !== 'linux' }, () => {
  const before = residentProgram();
  unmapProgram();
  assert(residentProgram() < before);
});

/** Returns the kilobytes of memory that pages of Node's program take. */
function residentProgram(): number {
  const parts = readFileSync('/proc/self/smaps', 'latin1').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
  const ofProgram = parts.filter((part) => part.split('\n')[0]?.endsWith(` ${process.execPath}`));
  return ofProgram.reduce((sum, part) => sum + Number(/^Rss: +(\d+) kB$/m.exec(part)?.[1]), 0);
}
