// Zones of others are forwarded, by a whole replica and a real BIND that has the zone.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import type { Api } from '../support/api-client.ts';
import { type Ask, ask, type Server } from '../support/dns-client.ts';
import { skipWithoutNamed } from '../support/named.ts';
import { type StartedApp, startedApp } from '../support/started-app.ts';
import { suiteCleanup } from '../support/suite-cleanup.ts';
import { startCorp, targetOf } from './corp-upstream.ts';

const suite = suiteCleanup();
const skip = skipWithoutNamed();
let app: StartedApp;
let api: Api;
let server: Server;
let corp: Server;

before(async () => {
  if (skip !== false) return;
  [app, corp] = await Promise.all([startedApp(suite), startCorp(suite)]);
  api = app.api;
  const { dns } = JSON.parse(await readFile(join(app.folder, 'endpoints.json'), 'utf8')) as { dns: string[] };
  server = { address: '127.0.0.1', port: Number(dns[0]?.split(':')[1]) };
  await api.ok(201, 'POST', '/v1/zones', { name: 'ours.test' });
  await api.ok(201, 'PUT', '/v1/zones/ours.test/rrsets/www/A', { records: ['192.0.2.10'] });
  await api.ok(201, 'PUT', '/v1/zones/ours.test/rrsets/theirs/CNAME', { records: ['www.corp.test.'] });
  await api.ok(201, 'PUT', '/v1/zones/ours.test/rrsets/gone/CNAME', { records: ['nothing.corp.test.'] });
  await api.ok(201, 'PUT', '/v1/forwarders/corp.test', { targets: [targetOf(corp)] });
});

/** Asks with RD. Returns the code, the flags, and the answer's names, types and data. */
async function asked(name: string, type = 'A', more: Partial<Ask> = {}) {
  const message = await ask({ server, name, type, recursionDesired: true, ...more });
  const answers = message.answers ?? [];
  return {
    rcode: message.rcode,
    answers: answers.map((one) => `${one.name} ${one.type} ${String((one as { data?: unknown }).data)}`),
    message,
  };
}

test('what is put in the API is forwarded with the next question, over UDP and TCP, and then from the cache', {
  skip,
}, async () => {
  for (const tcp of [false, true, false, true]) {
    const { rcode, answers, message } = await asked('www.corp.test', 'A', { tcp });
    assert.deepEqual([rcode, answers], ['NOERROR', ['www.corp.test A 192.0.2.80']]);
    assert.deepEqual([message.flag_ra, message.flag_aa, message.flag_ad], [true, false, false]);
  }
  const { answers } = await asked('alias.corp.test');
  assert.deepEqual(answers, ['alias.corp.test CNAME www.corp.test', 'www.corp.test A 192.0.2.80']);
  for (const _ of [1, 2]) assert.equal((await asked('nothing.corp.test')).rcode, 'NXDOMAIN');
  const { upstreams, cache } = await api.ok<{ upstreams: { healthy: boolean }[]; cache: { entries: number } }>(
    200,
    'GET',
    '/v1/forwarders/corp.test',
  );
  assert.equal(upstreams[0]?.healthy, true);
  assert.ok(cache.entries >= 3, `${cache.entries} entries`);
});

test('the longest name wins, for zones of ours and for forwarders', { skip }, async () => {
  await api.ok(201, 'POST', '/v1/zones', { name: 'sub.corp.test' });
  await api.ok(201, 'PUT', '/v1/zones/sub.corp.test/rrsets/@/A', { records: ['192.0.2.11'] });
  assert.deepEqual((await asked('sub.corp.test')).answers, ['sub.corp.test A 192.0.2.11']);
  await api.ok(204, 'DELETE', '/v1/zones/sub.corp.test');
  assert.deepEqual((await asked('sub.corp.test')).answers, ['sub.corp.test A 192.0.2.81']);
});

test('without RD, and outside of allowFrom, the question is refused with the reason', { skip }, async () => {
  const edns = {};
  const without = await asked('www.corp.test', 'A', { recursionDesired: false, edns });
  assert.deepEqual([without.rcode, extendedErrorOf(without.message)], ['REFUSED', 20]);
  await api.ok(201, 'PUT', '/v1/forwarders/far.test', { targets: [targetOf(corp)], allowFrom: ['10.0.0.0/8'] });
  for (const tcp of [false, true]) {
    const outside = await asked('www.far.test', 'A', { edns, tcp });
    assert.deepEqual([outside.rcode, extendedErrorOf(outside.message)], ['REFUSED', 18]);
  }
});

function extendedErrorOf({ additionals }: Awaited<ReturnType<typeof ask>>): number | undefined {
  for (const record of additionals ?? []) {
    if (record.type !== 'OPT') continue;
    const { options } = record as unknown as { options: { code: number; data: Buffer }[] };
    const found = options.find(({ code }) => code === 15);
    if (found !== undefined) return Buffer.from(found.data).readUInt16BE();
  }
  return undefined;
}

test('an answer is cut to the size of the client, with TC', { skip }, async () => {
  for (const _ of ['from BIND', 'from the cache']) {
    const cut = await asked('big.corp.test', 'TXT');
    assert.deepEqual([cut.rcode, cut.message.flag_tc, cut.answers.length], ['NOERROR', true, 0]);
    const whole = await asked('big.corp.test', 'TXT', { tcp: true });
    assert.deepEqual([whole.message.flag_tc, whole.answers.length], [false, 1]);
  }
});

test('aliases are followed from our zones into a forwarded one, and back', { skip }, async () => {
  for (const tcp of [false, true]) {
    const { rcode, answers } = await asked('theirs.ours.test', 'A', { tcp });
    assert.deepEqual(
      [rcode, answers],
      ['NOERROR', ['theirs.ours.test CNAME www.corp.test', 'www.corp.test A 192.0.2.80']],
    );
  }
  const gone = await asked('gone.ours.test');
  assert.deepEqual([gone.rcode, gone.answers], ['NXDOMAIN', ['gone.ours.test CNAME nothing.corp.test']]);
  const back = await asked('ours.corp.test');
  assert.deepEqual(back.answers, ['ours.corp.test CNAME www.ours.test', 'www.ours.test A 192.0.2.10']);
  // Without RD, and for clients that may not ask there: the alias alone.
  const alone = await asked('theirs.ours.test', 'A', { recursionDesired: false });
  assert.deepEqual([alone.rcode, alone.answers], ['NOERROR', ['theirs.ours.test CNAME www.corp.test']]);
});

test('deleting a forwarder ends it', { skip }, async () => {
  await api.ok(201, 'PUT', '/v1/forwarders/short.test', { targets: [targetOf(corp)] });
  assert.equal((await asked('a.short.test')).rcode, 'SERVFAIL');
  await api.ok(204, 'DELETE', '/v1/forwarders/short.test');
  assert.equal((await asked('a.short.test')).rcode, 'REFUSED');
});
