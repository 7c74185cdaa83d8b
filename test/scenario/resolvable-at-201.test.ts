// Promise 3: when the 201 arrives, the replica that sent it serves the name. The test asks once over UDP, without a
// retry.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { answersOf, startReplica } from '../support/replica.ts';
import { stores } from '../support/stores.ts';
import { temporaryFolder } from '../support/temporary.ts';

const count = 1000;

for (const { name, skip, prepare } of stores) {
  test(`on ${name} each of ${count} hosts resolves at its 201, and no longer at its 204`, {
    skip,
  }, async (t) => {
    const replica = await startReplica(t, join(await temporaryFolder(t), 'replica'), (await prepare(t)).flags);
    await replica.expect(201, 'POST', '/v1/pools', { name: 'default', ranges: ['10.8.0.0/20'] });
    await replica.expect(201, 'POST', '/v1/zones', { name: 'foowidgets.k8s' });
    let wrong = 0;
    for (let i = 0; i < count; i += 1) {
      const host = `host-${i}.foowidgets.k8s`;
      const created = await replica.expect<{ addresses: { address: string }[] }>(201, 'POST', '/v1/hosts', {
        name: host,
      });
      const address = created.addresses[0]?.address ?? '';
      const answer = answersOf(await replica.ask(host, 'A'));
      const reverse = answersOf(await replica.ask(`${address.split('.').reverse().join('.')}.in-addr.arpa`, 'PTR'));
      if (answer.join() !== `A ${address}` || reverse.join() !== `PTR ${host}`) wrong += 1;
    }
    assert.equal(wrong, 0);
    for (let i = 0; i < count; i += 100) {
      await replica.expect(204, 'DELETE', `/v1/hosts/host-${i}.foowidgets.k8s`);
      assert.equal((await replica.ask(`host-${i}.foowidgets.k8s`, 'A')).rcode, 'NXDOMAIN');
    }
  });
}
