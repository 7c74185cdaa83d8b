// A zone whose names hold addresses, from the request to the answer of DNS.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { answersOf, startReplica } from '../support/replica.ts';
import { servedApi } from '../support/served-api.ts';
import { temporaryFolder } from '../support/temporary.ts';

test('names hold addresses from the moment of the answer, until the setting is removed', async (t) => {
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

  // A CNAME to such a name is left pointing at nothing when a host of that name goes, but not when the name has an
  // address without it.
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

const forms = { dashed: false, dotted: false };
for (const [title, addressNames, pointers] of [
  ['without ranges', { dashed: true }, ['/addressNames/ranges']],
  ['with no range', { ranges: [] }, ['/addressNames/ranges']],
  ['with a range that is none', { ranges: ['10.0.0.0/8', '10.0.0.0/33'] }, ['/addressNames/ranges/1']],
  ['with no form', { ranges: ['10.0.0.0/8'], ...forms }, ['/addressNames']],
  ['with IPv6 alone, which is off', { ranges: ['2001:db8::/32'], ipv6: false }, ['/addressNames']],
  ['with IPv6 alone, dotted', { ranges: ['2001:db8::/32'], dashed: false }, ['/addressNames']],
] as const) {
  test(`a zone whose names hold addresses is refused ${title}`, async (t) => {
    const { api } = await servedApi(t);
    await api.refused('invalid_request', 'POST', '/v1/zones', { name: 'z', addressNames }, [...pointers]);
    await api.ok(201, 'POST', '/v1/zones', { name: 'z', addressNames: { ranges: ['10.0.0.0/8'] } });
    await api.refused('invalid_request', 'PUT', '/v1/zones/z', { addressNames }, [...pointers]);
  });
}

test('a patch changes some fields of the setting, and needs ranges where there are none', async (t) => {
  const { api } = await servedApi(t);
  await api.ok(201, 'POST', '/v1/zones', { name: 'z', addressNames: { ranges: ['10.0.0.0/8'] } });
  await api.ok(200, 'PATCH', '/v1/zones/z', { addressNames: { hex: true } });
  await api.ok(200, 'PATCH', '/v1/zones/z', { addressNames: { dotted: false } });
  const changed = { ranges: ['10.0.0.0/8'], dashed: true, dotted: false, hex: true, ipv6: true };
  const shown = await api.ok<{ addressNames: unknown }>(200, 'GET', '/v1/zones/z');
  assert.deepEqual(shown.addressNames, changed);
  const noForm = { dashed: false, hex: false };
  await api.refused('invalid_request', 'PATCH', '/v1/zones/z', { addressNames: noForm }, ['/addressNames']);
  // A field that goes back to its default: null removes it.
  await api.ok(200, 'PATCH', '/v1/zones/z', { addressNames: { dotted: null, hex: null } });

  await api.ok(200, 'PATCH', '/v1/zones/z', { addressNames: null });
  for (const addressNames of [{}, { hex: true }, noForm])
    await api.refused('invalid_request', 'PATCH', '/v1/zones/z', { addressNames }, ['/addressNames/ranges']);
  await api.refused('not_found', 'PATCH', '/v1/zones/none', { addressNames: { hex: true } });
});
