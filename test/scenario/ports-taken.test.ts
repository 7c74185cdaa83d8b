// If another process has the port, the command ends with status 1 and says which flag chooses another port.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { startReplica } from '../support/replica.ts';
import { temporaryFolder } from '../support/temporary.ts';

for (const flag of ['--http', '--dns']) {
  test(`the command ends with 1 and names ${flag} if its port is taken`, async (t) => {
    const other = createServer().listen(0, '127.0.0.1');
    t.after(() => other.close());
    await once(other, 'listening');
    const taken = `127.0.0.1:${(other.address() as AddressInfo).port}`;
    const folder = join(await temporaryFolder(t), 'replica');
    await assert.rejects(startReplica(t, folder, [flag, taken]), ({ message }: Error) => {
      assert.match(message, /the replica ended with 1/);
      assert.match(message, new RegExp(`"msg":"cannot listen on ${taken} \\(\\w+, EADDRINUSE\\): [^"]*${flag}"`));
      return true;
    });
  });
}
