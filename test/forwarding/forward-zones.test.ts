// A whole replica forwards a zone to a real BIND.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test } from 'node:test';
import type { Worker } from 'node:worker_threads';
import type { Api } from '../support/api-client.ts';
import { type Ask, ask, exchange, queryBytes, type Server } from '../support/dns-client.ts';
import { skipWithoutNamed } from '../support/named.ts';
import { type StartedApp, startedApp } from '../support/started-app.ts';
import { suiteCleanup } from '../support/suite-cleanup.ts';
import { tokenFor } from '../support/tokens.ts';
import { until } from '../support/until.ts';
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
  server = await dnsOf(app);
  await api.ok(201, 'POST', '/v1/zones', { name: 'ours.test' });
  await api.ok(201, 'PUT', '/v1/zones/ours.test/rrsets/www/A', { records: ['192.0.2.10'] });
  await api.ok(201, 'PUT', '/v1/zones/ours.test/rrsets/theirs/CNAME', { records: ['www.corp.test.'] });
  await api.ok(201, 'PUT', '/v1/zones/ours.test/rrsets/gone/CNAME', { records: ['nothing.corp.test.'] });
  await api.ok(201, 'PUT', '/v1/forwarders/corp.test', { targets: [targetOf(corp)] });
});

/** The bit DO, as dns-packet has it. */
const dnssecOk = 0x8000;

async function dnsOf({ folder }: StartedApp): Promise<Server> {
  const { dns } = JSON.parse(await readFile(join(folder, 'endpoints.json'), 'utf8')) as { dns: string[] };
  return { address: '127.0.0.1', port: Number(dns[0]?.split(':')[1]) };
}

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

test('after a forwarder is put, its questions are forwarded over UDP and TCP, and then answered from the cache', {
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

test('the zone or forwarder with the longest matching name answers', { skip }, async () => {
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

test('an answer that is larger than the client accepts is truncated, with TC', { skip }, async () => {
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
  // Without RD, and for clients that may not use the forwarder, the answer has only the alias.
  const alone = await asked('theirs.ours.test', 'A', { recursionDesired: false });
  assert.deepEqual([alone.rcode, alone.answers], ['NOERROR', ['theirs.ours.test CNAME www.corp.test']]);
});

test('after a forwarder is deleted, its questions are refused', { skip }, async () => {
  await api.ok(201, 'PUT', '/v1/forwarders/short.test', { targets: [targetOf(corp)] });
  assert.equal((await asked('a.short.test')).rcode, 'SERVFAIL');
  await api.ok(204, 'DELETE', '/v1/forwarders/short.test');
  assert.equal((await asked('a.short.test')).rcode, 'REFUSED');
});

test('questions with DO or CD have answers of their own in the cache', { skip }, async () => {
  await api.ok(204, 'DELETE', '/v1/forwarders/corp.test/cache');
  const entries = async () =>
    (await api.ok<{ cache: { entries: number } }>(200, 'GET', '/v1/forwarders/corp.test')).cache.entries;
  const before = await entries();
  for (const [flags, checkingDisabled] of [
    [0, false],
    [dnssecOk, false],
    [0, true],
    [dnssecOk, true],
  ] as const) {
    for (const _ of ['from BIND', 'from the cache']) {
      const query = Buffer.from(
        queryBytes({ name: 'www.corp.test', type: 'A', edns: { flags }, recursionDesired: true }),
      );
      if (checkingDisabled) query[3] = 0x10;
      const answer = await exchange(server, query);
      assert.equal(
        (answer[3] as number) & 0x1f,
        checkingDisabled ? 0x10 : 0,
        'CD is not that of the query, or the rcode is not NOERROR',
      );
    }
  }
  assert.equal((await entries()) - before, 4);
});

test('the answer has the case of the question, and a cookie of ours', { skip }, async () => {
  for (const name of ['WWW.corp.TEST', 'wWw.CoRp.tEsT']) {
    const cookie = { code: 10, data: Buffer.from('0102030405060708', 'hex') };
    const message = await ask({ server, name, type: 'A', recursionDesired: true, edns: { options: [cookie] } });
    assert.equal(message.questions?.[0]?.name, name);
    const [opt] = (message.additionals ?? []) as unknown as { options: { code: number; data: Buffer }[] }[];
    assert.equal(opt?.options.find(({ code }) => code === 10)?.data.length, 24);
  }
});

test('one name, or all names, can be removed from the cache', { skip }, async () => {
  const entries = async () =>
    (await api.ok<{ cache: { entries: number } }>(200, 'GET', '/v1/forwarders/corp.test')).cache.entries;
  await api.ok(204, 'DELETE', '/v1/forwarders/corp.test/cache');
  for (const name of ['www', 'sub', 'ns']) await asked(`${name}.corp.test`);
  const all = await entries();
  const { items } = await api.ok<{ items: { name: string; type: string; records: { rdata: string }[] }[] }>(
    200,
    'GET',
    '/v1/forwarders/corp.test/cache?name=www.corp.test',
  );
  assert.ok(items.length > 0);
  assert.ok(items.every(({ name, records }) => name === 'www.corp.test' && records.length > 0));
  await api.ok(204, 'DELETE', '/v1/forwarders/corp.test/cache?name=www.corp.test');
  assert.equal(await entries(), all - 1);
  const { api: scoped } = await tokenFor(app, 'scoped', { role: 'admin', zones: ['corp.test'] });
  await scoped.refused('forbidden', 'DELETE', '/v1/forwarders/corp.test/cache');
  assert.equal(await entries(), all - 1);
  await api.ok(204, 'DELETE', '/v1/forwarders/corp.test/cache');
  assert.equal(await entries(), 0);
});

test('metrics count the answers from the cache, and the queries to the servers', { skip }, async () => {
  await asked('www.corp.test');
  await asked('www.corp.test');
  const metric = async (name: string) => {
    const text = await (await fetch(`${app.url}/metrics`)).text();
    return Number(
      text
        .split('\n')
        .find((line) => line.startsWith(name))
        ?.split(' ')[1],
    );
  };
  await until(
    async () => (await metric('zonewright_forwarder_cached_total{zone="corp.test"}')) > 0,
    'no answer from the cache is counted',
  );
  assert.ok((await metric('zonewright_forwarder_queries_total{zone="corp.test",result="answered"}')) > 0);
});

test('a thread that dies is started again, and forwards', { skip }, async (t) => {
  const workers: Worker[] = [];
  const note = (worker: Worker) => void workers.push(worker);
  process.on('worker', note);
  t.after(() => process.off('worker', note));
  const other = await startedApp(t);
  await other.api.ok(201, 'PUT', '/v1/forwarders/corp.test', { targets: [targetOf(corp)] });
  const there = { server: await dnsOf(other) };
  assert.equal((await asked('www.corp.test', 'A', there)).rcode, 'NOERROR');
  const forwarder = workers.find(({ threadName }) => threadName === 'dns-forwarder');
  await forwarder?.terminate();
  const edns = {};
  const meanwhile = await asked('sub.corp.test', 'A', { ...there, edns });
  assert.deepEqual([meanwhile.rcode, extendedErrorOf(meanwhile.message)], ['SERVFAIL', 14]);
  await until(async () => (await asked('www.corp.test', 'A', there)).rcode === 'NOERROR', 'it is not started again');
  assert.deepEqual((await asked('sub.corp.test', 'A', there)).answers, ['sub.corp.test A 192.0.2.81']);
});

test('the thread runs only while there are forwarders', { skip }, async (t) => {
  const workers: Worker[] = [];
  const note = (worker: Worker) => void workers.push(worker);
  process.on('worker', note);
  t.after(() => process.off('worker', note));
  const other = await startedApp(t);
  const running = () => workers.filter((one) => one.threadName === 'dns-forwarder' && one.threadId > 0).length;
  assert.equal(running(), 0);
  await other.api.ok(201, 'PUT', '/v1/forwarders/corp.test', { targets: [targetOf(corp)] });
  await until(() => running() === 1, 'the thread does not start');
  await other.api.ok(204, 'DELETE', '/v1/forwarders/corp.test');
  await until(() => running() === 0, 'the thread does not end');
  await other.api.ok(201, 'PUT', '/v1/forwarders/corp.test', { targets: [targetOf(corp)] });
  const { rcode } = await asked('www.corp.test', 'A', { server: await dnsOf(other) });
  assert.equal(rcode, 'NOERROR');
});
