// A TXT record may be written as a plain text, which is put in quotes, escaped and split into strings.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { servedApi } from '../support/served-api.ts';

test('a plain text becomes the strings of a TXT record, whatever its length', async (t) => {
  const { api } = await servedApi(t);
  await api.ok(201, 'POST', '/v1/zones', { name: 'foo.k8s' });
  const put = async (...records: unknown[]) => {
    const path = '/v1/zones/foo.k8s/rrsets/t/TXT';
    const answer = await api.send('PUT', path, { records });
    assert.ok(answer.status === 200 || answer.status === 201, answer.text);
    assert.equal(answer.body.warnings, undefined);
    return answer.body.records as string[];
  };
  assert.deepEqual(await put({ text: 'v=spf1 include:a.example -all' }), ['"v=spf1 include:a.example -all"']);
  assert.deepEqual(await put({ text: 'say "a\\b"; \t' }), ['"say \\"a\\\\b\\"; \\009"']);
  assert.deepEqual(await put({ text: 'ü' }), ['"\\195\\188"']);
  assert.deepEqual(await put({ text: '' }), ['""']);
  assert.deepEqual(await put({ text: '\\# 1 00' }), ['"\\\\# 1 00"']);
  const [a, b, c] = ['a', 'b', 'c'].map((letter) => letter.repeat(255));
  assert.deepEqual(await put({ text: `${a}${b}` }), [`"${a}" "${b}"`]);
  assert.deepEqual(await put({ text: `${a}${b}${c}d` }), [`"${a}" "${b}" "${c}" "d"`]);
  const [before] = (await put({ text: `${'a'.repeat(254)}ü` })) as [string];
  assert.equal(before, `"${'a'.repeat(254)}" "\\195\\188"`);
  assert.deepEqual(await put({ text: 'one' }, '"two"'), ['"one"', '"two"']);
  const patched = await api.ok<{ items: { records: string[] }[] }>(200, 'PATCH', '/v1/zones/foo.k8s/rrsets', [
    { name: 's', type: 'SPF', records: [{ text: 'v=spf1 -all' }] },
  ]);
  assert.deepEqual(patched.items[0]?.records, ['"v=spf1 -all"']);
});

test('a plain text is refused where records are not texts, and if it does not fit', async (t) => {
  const { api } = await servedApi(t);
  await api.ok(201, 'POST', '/v1/zones', { name: 'foo.k8s' });
  const at = '/v1/zones/foo.k8s/rrsets';
  const refused = (type: string, text: string) =>
    api.refused('record_invalid', 'PUT', `${at}/t/${type}`, {
      records: ['"x"', { text }].slice(type === 'TXT' ? 0 : 1),
    });
  assert.match((await refused('A', '192.0.2.1')).errors?.[0]?.pointer ?? '', /^\/records\/0$/);
  assert.match((await refused('TXT', 'x\ud800')).errors?.[0]?.pointer ?? '', /^\/records\/1$/);
  await refused('TXT', 'x'.repeat(65_500));
  const change = [{ name: 't', type: 'MX', records: [{ text: 'x' }] }];
  await api.refused('record_invalid', 'PATCH', at, change, ['/0/records/0']);
  await api.refused('invalid_request', 'PUT', `${at}/t/TXT`, { records: [5] }, ['/records/0']);
  await api.refused('invalid_request', 'PUT', `${at}/t/TXT`, { records: [{}] }, ['/records/0/text']);
  await api.refused('invalid_request', 'PUT', `${at}/t/TXT`, { records: [{ text: 'x', more: 1 }] }, [
    '/records/0/more',
  ]);
});
