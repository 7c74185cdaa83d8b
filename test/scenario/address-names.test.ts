// A zone whose names hold addresses, from the request to the answer of DNS.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { answersOf, startReplica } from '../support/replica.ts';
import { temporaryFolder } from '../support/temporary.ts';

test('names hold addresses as soon as the setting is answered, until it is removed', async (t) => {
  const replica = await startReplica(t, join(await temporaryFolder(t), 'data'));
  const ask = async (name: string, type = 'A') => {
    const answer = await replica.ask(name, type);
    return [answer.rcode, ...answersOf(answer)];
  };
  const ranges = ['10.0.0.0/8', '2001:db8::/32'];
  await replica.expect(201, 'POST', '/v1/zones', { name: 'lab.example', addressNames: { ranges } });
  assert.deepEqual(await ask('app-10-1-2-3.lab.example'), ['NOERROR', 'A 10.1.2.3']);
  assert.deepEqual(await ask('www.2001-db8--1.lab.example', 'AAAA'), ['NOERROR', 'AAAA 2001:db8::1']);
  assert.deepEqual(await ask('192-0-2-1.lab.example'), ['NXDOMAIN']);
  const zone = await replica.expect<{ addressNames: unknown }>(200, 'GET', '/v1/zones/lab.example');
  assert.deepEqual(zone.addressNames, { ranges, dashed: true, dotted: true, hex: false, ipv6: true });

  // A CNAME to a deleted host still leads to an address if the name of the host holds one.
  await replica.expect(201, 'POST', '/v1/hosts', { name: 'app-10-1-2-3.lab.example', addresses: ['192.0.2.7'] });
  assert.deepEqual(await ask('app-10-1-2-3.lab.example'), ['NOERROR', 'A 192.0.2.7']);
  await replica.expect(201, 'PUT', '/v1/zones/lab.example/rrsets/to/CNAME', { records: ['app-10-1-2-3.lab.example.'] });
  await replica.expect(204, 'DELETE', '/v1/hosts/app-10-1-2-3.lab.example');
  assert.deepEqual(await ask('to.lab.example'), ['NOERROR', 'A 10.1.2.3', 'CNAME app-10-1-2-3.lab.example']);

  await replica.expect(200, 'PATCH', '/v1/zones/lab.example', {
    defaultTtl: 60,
    addressNames: { ranges: ['192.0.2.0/24'] },
  });
  const changed = await replica.ask('192-0-2-1.lab.example', 'A');
  assert.deepEqual(
    changed.answers.map((record) => 'ttl' in record && record.ttl),
    [60],
  );
  assert.deepEqual(await ask('app-10-1-2-3.lab.example'), ['NXDOMAIN']);

  await replica.expect(200, 'PATCH', '/v1/zones/lab.example', { addressNames: null });
  assert.deepEqual(await ask('192-0-2-1.lab.example'), ['NXDOMAIN']);
  assert.deepEqual(await ask('1.lab.example'), ['NXDOMAIN']);
});
