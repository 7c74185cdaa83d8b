// International names in the API: names are accepted in Unicode and stored as A-labels. Answers show the name of a
// resource and the aliases of a host in both forms, but nameservers and names in rdata only as A-labels.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { servedApi } from '../support/served-api.ts';

type Shown = Record<string, unknown>;

const zone = 'xn--mnchen-3ya.example';
const zonePath = `/v1/zones/${encodeURIComponent('münchen.example')}`;

test('names of zones, hosts, aliases and RRsets are accepted in Unicode, and shown as A-labels and in Unicode', async (t) => {
  const { api, dump } = await servedApi(t);
  const ascii = await api.ok<Shown>(201, 'POST', '/v1/zones', { name: 'plain.example' });
  assert.equal('unicodeName' in ascii, false);
  const made = await api.ok<Shown>(201, 'POST', '/v1/zones', {
    name: 'MÜNCHEN.example.',
    nameservers: ['ns.ü.example'],
  });
  assert.deepEqual([made.name, made.unicodeName, made.nameservers], [zone, 'münchen.example', ['ns.xn--tda.example']]);
  const read = await api.ok<Shown>(200, 'GET', zonePath);
  assert.deepEqual([read.name, read.unicodeName], [zone, 'münchen.example']);
  await api.ok(200, 'GET', `/v1/zones/${zone}`);

  const wanted = {
    name: 'bücher.münchen.example',
    addresses: ['192.0.2.1'],
    aliases: ['www.plain.example', 'ö.münchen.example'],
  };
  const host = await api.ok<Shown>(201, 'POST', '/v1/hosts', wanted);
  assert.deepEqual([host.name, host.unicodeName], [`xn--bcher-kva.${zone}`, 'bücher.münchen.example']);
  assert.deepEqual(host.aliases, ['www.plain.example', `xn--nda.${zone}`]);
  assert.deepEqual(host.unicodeAliases, ['www.plain.example', 'ö.münchen.example']);
  for (const [method, path] of [
    ['GET', `/v1/hosts/${encodeURIComponent('bücher.münchen.example')}`],
    ['GET', `/v1/hosts/xn--bcher-kva.${zone}`],
  ] as const)
    assert.equal((await api.ok<Shown>(200, method, path)).unicodeName, 'bücher.münchen.example');
  const plain = await api.ok<Shown>(201, 'POST', '/v1/hosts', { name: 'a.plain.example', addresses: ['192.0.2.2'] });
  assert.deepEqual(['unicodeName' in plain, 'unicodeAliases' in plain], [false, false]);

  const path = `${zonePath}/rrsets/${encodeURIComponent('größe')}/MX`;
  const answer = await api.send('PUT', path, { records: ['10 mail.ü.example.'] });
  assert.equal(answer.status, 201, answer.text);
  assert.equal(answer.headers.location, `/v1/zones/${zone}/rrsets/xn--gre-6ka8i/MX`);
  const shown = {
    name: 'xn--gre-6ka8i',
    unicodeName: 'größe',
    type: 'MX',
    ttl: 300,
    records: ['10 mail.xn--tda.example.'],
  };
  assert.deepEqual(await api.ok(200, 'GET', answer.headers.location), shown);
  const named = await api.ok<{ items: Shown[] }>(200, 'GET', `${zonePath}/rrsets?name=${encodeURIComponent('größe')}`);
  assert.deepEqual(named.items, [shown]);
  for (const text of Object.entries(await dump()).flat()) assert.match(text, /^[\0-\x7f]*$/);
});

test('filters take a Unicode name', async (t) => {
  const { api } = await servedApi(t);
  await api.ok(201, 'POST', '/v1/zones', { name: 'münchen.example' });
  await api.ok(201, 'POST', '/v1/hosts', { name: 'ü.münchen.example', addresses: ['192.0.2.1'] });
  const found = async (query: string) =>
    (await api.ok<{ items: Shown[] }>(200, 'GET', `/v1/hosts?${query}`)).items.map(({ unicodeName }) => unicodeName);
  assert.deepEqual(await found(`name=${encodeURIComponent('Ü.münchen.example')}`), ['ü.münchen.example']);
  assert.deepEqual(await found(`name=${encodeURIComponent('ä.münchen.example')}`), []);
  for (const part of ['Ü.m', 'ÜNCH', 'mu\u0308n', 'nchen.ex', 'XN--MN', 'mnchen-']) {
    const search = `search=${encodeURIComponent(part)}`;
    assert.deepEqual(await found(search), ['ü.münchen.example'], part);
    const zones = await api.ok<{ items: Shown[] }>(200, 'GET', `/v1/zones?${search}`);
    assert.equal(zones.items.length, part === 'Ü.m' ? 0 : 1, part);
  }
  await api.ok(201, 'PUT', `${zonePath}/rrsets/${encodeURIComponent('größe')}/TXT`, { records: ['"x"'] });
  for (const part of ['GRÖ', 'öß', 'gro\u0308', 'xn--gre']) {
    const path = `${zonePath}/rrsets?search=${encodeURIComponent(part)}`;
    const { items } = await api.ok<{ items: Shown[] }>(200, 'GET', path);
    assert.deepEqual([items.length, items[0]?.unicodeName], [1, 'größe'], part);
  }
  for (const part of ['ä', 'xn--ü', 'ünchén'])
    assert.deepEqual(await found(`search=${encodeURIComponent(part)}`), [], part);
});

test('a zone file in UTF-8 is accepted, and the difference of a dry run shows both forms of a name', async (t) => {
  const { api } = await servedApi(t);
  await api.ok(201, 'POST', '/v1/zones', { name: 'münchen.example', nameservers: ['ns.example'] });
  const file = async (query: string) => {
    const text = '$TTL 60\n$ORIGIN münchen.example.\nüber CNAME www.größe\n';
    const answer = await api.send('PUT', `${zonePath}/zonefile${query}`, text, { 'content-type': 'text/dns' });
    assert.equal(answer.status, 200, answer.text);
    return answer.body as { difference: Shown[] };
  };
  const { difference } = await file('?dryRun=true');
  const added = difference.find(({ type }) => type === 'CNAME');
  assert.deepEqual([added?.name, added?.unicodeName], ['xn--ber-goa', 'über']);
  await file('');
  const read = await api.ok<Shown>(200, 'GET', `${zonePath}/rrsets/xn--ber-goa/CNAME`);
  assert.deepEqual([read.unicodeName, read.records], ['über', [`www.xn--gre-6ka8i.${zone}.`]]);
});

test('100 lines of a zone file that are not UTF-8 have warnings, the others are counted, and other warnings are listed too', async (t) => {
  const { api } = await servedApi(t);
  await api.ok(201, 'POST', '/v1/zones', { name: 'münchen.example', nameservers: ['ns.example'] });
  const lines = Array.from({ length: 150 }, (_, index) => `m\xfcller-${index} 60 A 10.0.0.8\n`);
  const file = Buffer.from(`${lines.join('')}a 60 A 10.0.0.1\na 61 A 10.0.0.2\n`, 'latin1');
  const answer = await api.send('PUT', `${zonePath}/zonefile`, file, { 'content-type': 'text/dns' });
  assert.equal(answer.status, 200, answer.text);
  const { warnings } = answer.body as { warnings: { line: number; message: string }[] };
  const told = warnings.filter(({ message }) => message.includes('not UTF-8'));
  assert.deepEqual(
    told.map(({ line }) => line),
    Array.from({ length: 100 }, (_, index) => index + 1),
  );
  const others = warnings.filter((one) => !told.includes(one)).map(({ line, message }) => `${line}: ${message}`);
  assert.equal(others.length, 2, others.join('\n'));
  assert.match(others[0] ?? '', /^152: the TTLs/);
  assert.equal(others[1], '100: 50 more warnings are not listed');
});
