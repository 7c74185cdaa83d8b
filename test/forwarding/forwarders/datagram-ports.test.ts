// A process that has no file descriptors left: a query that no socket can be opened for fails at once, so that the
// question need not wait for its whole time.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

const script = `
import { openSync } from 'node:fs';
const { DatagramPorts } = await import(${JSON.stringify(new URL('../../../src/forwarding/forwarders/datagram-ports.ts', import.meta.url).href)});
const ports = new DatagramPorts({ address: '127.0.0.1', port: 9 }, () => undefined);
try { for (;;) openSync('/dev/null'); } catch {}
const failed = [];
const send = () => ports.send({ query: new Uint8Array(12), sentAt: 0, forget: () => undefined, fail: (why) => failed.push(why) });
for (let i = 0; i < 3; i += 1) send();
const told = failed.length;
await null;
process.exitCode = told === 0 && failed.join() === 'broken,broken,broken' ? 0 : 1;
`;

test('without file descriptors, each query fails at once', async () => {
  const limited = `ulimit -n 64; exec "$0" --disable-warning=ExperimentalWarning --input-type=module -e "$1"`;
  await assert.doesNotReject(
    promisify(execFile)('bash', ['-c', limited, process.execPath, script], { timeout: 20_000 }),
  );
});
