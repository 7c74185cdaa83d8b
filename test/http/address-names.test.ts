// The setting `addressNames` of a zone in requests: refusals, and the effect of a patch.
// test/dns/respond/address-names.test.ts tests the answers of DNS.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { servedApi } from '../support/served-api.ts';

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

test('a patch changes only the fields of the setting that it contains, and must contain ranges if the zone has none', async (t) => {
  const { api } = await servedApi(t);
  await api.ok(201, 'POST', '/v1/zones', { name: 'z', addressNames: { ranges: ['10.0.0.0/8'] } });
  await api.ok(200, 'PATCH', '/v1/zones/z', { addressNames: { hex: true } });
  await api.ok(200, 'PATCH', '/v1/zones/z', { addressNames: { dotted: false } });
  const changed = { ranges: ['10.0.0.0/8'], dashed: true, dotted: false, hex: true, ipv6: true };
  const shown = await api.ok<{ addressNames: unknown }>(200, 'GET', '/v1/zones/z');
  assert.deepEqual(shown.addressNames, changed);
  const noForm = { dashed: false, hex: false };
  await api.refused('invalid_request', 'PATCH', '/v1/zones/z', { addressNames: noForm }, ['/addressNames']);
  // Null sets a field back to its default.
  await api.ok(200, 'PATCH', '/v1/zones/z', { addressNames: { dotted: null, hex: null } });

  await api.ok(200, 'PATCH', '/v1/zones/z', { addressNames: null });
  for (const addressNames of [{}, { hex: true }, noForm])
    await api.refused('invalid_request', 'PATCH', '/v1/zones/z', { addressNames }, ['/addressNames/ranges']);
  await api.refused('not_found', 'PATCH', '/v1/zones/none', { addressNames: { hex: true } });
});
