// Zone files over HTTP: export and import, dry runs, faults with their lines, progress.
// Cited by src/control/zone-file/export-zone-file.ts.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Response } from 'supertest';
import { parseName } from '../../src/model/name.ts';
import { memberKey, memberValue } from '../../src/store/kinds/member.ts';
import { nameKey } from '../../src/store/kinds/name.ts';
import { problemIn } from '../support/api-client.ts';
import { type ServedApi, servedApi } from '../support/served-api.ts';

interface Imported {
  written: boolean;
  counts: Record<'added' | 'changed' | 'deleted' | 'unchanged' | 'managed' | 'warnings', number>;
  warnings: { line: number; message: string }[];
  difference?: { name: string; type: string; before: unknown; after: unknown }[];
}

const path = '/v1/zones/foo.k8s/zonefile';
const textDns = { 'content-type': 'text/dns' };

async function prepare(t: TestContext): Promise<ServedApi> {
  const served = await servedApi(t);
  await served.api.ok(201, 'POST', '/v1/zones', { name: 'foo.k8s', defaultTtl: 120 });
  return served;
}

async function put({ api }: ServedApi, text: string, query = ''): Promise<Imported> {
  const answer = await api.send('PUT', path + query, text, textDns);
  assert.equal(answer.status, 200, answer.text);
  return answer.body as Imported;
}

/** Registers another replica in the store, which serves the zone too. */
async function putMember({ store, api }: ServedApi, replica: string, dns: string[]): Promise<void> {
  const put = { kind: 'put', key: memberKey(replica), value: memberValue.encode({ replica, dns }) } as const;
  await store.commit({ compares: [], operations: [put] });
  for (const until = Date.now() + 10_000; Date.now() < until; await delay(10)) {
    const { items } = await api.ok<{ items: { replica: string }[] }>(200, 'GET', '/v1/members');
    if (items.some((member) => member.replica === replica)) return;
  }
  assert.fail('the views do not have the new member');
}

const refused = async ({ api }: ServedApi, text: string) => problemIn(await api.send('PUT', path, text, textDns));

/** Returns the text of an answer. superagent keeps the body as octets if it does not know the media type. */
const textOf = (answer: Response): string => answer.text ?? String(answer.body);

const example = `
$ORIGIN foo.k8s.
$TTL 1h
@ IN SOA ns1 admin.example. ( 7 ; ours is another
        2h 15m 2w
        1m )
  NS ns1
ns1 A 192.0.2.53
www 300 IN A 192.0.2.1
    300 IN A 192.0.2.2
txt TXT "a ; b" "\\"quoted\\"" plain
$GENERATE 1-3 node-\${0,2} A 10.0.0.$
_sip._tcp SRV 10 60 5060 sip
`;

test('an imported file becomes the zone, and its export imports without a difference', async (t) => {
  const served = await prepare(t);
  const { api } = served;
  const first = await put(served, example);
  assert.deepEqual(first.counts, { added: 8, changed: 1, deleted: 0, unchanged: 0, managed: 0, warnings: 1 });
  assert.equal(first.written, true);
  const exported = await api.send('GET', path);
  assert.match(exported.headers['content-type'] ?? '', /^text\/dns/);
  const lines = textOf(exported).trim().split('\n');
  assert.match(lines[0] ?? '', /^foo\.k8s\.\t3600\tIN\tSOA\tns1\.foo\.k8s\. admin\.example\. \d+ 7200 900 1209600 60$/);
  assert.deepEqual(
    lines.slice(1),
    [
      'foo.k8s.\t3600\tIN\tNS\tns1.foo.k8s.',
      '_sip._tcp.foo.k8s.\t3600\tIN\tSRV\t10 60 5060 sip.foo.k8s.',
      'node-01.foo.k8s.\t3600\tIN\tA\t10.0.0.1',
      'node-02.foo.k8s.\t3600\tIN\tA\t10.0.0.2',
      'node-03.foo.k8s.\t3600\tIN\tA\t10.0.0.3',
      'ns1.foo.k8s.\t3600\tIN\tA\t192.0.2.53',
      'txt.foo.k8s.\t3600\tIN\tTXT\t"a ; b" "\\"quoted\\"" "plain"',
      'www.foo.k8s.\t300\tIN\tA\t192.0.2.1',
      'www.foo.k8s.\t300\tIN\tA\t192.0.2.2',
    ].filter((line) => line !== undefined),
  );
  const before = await served.dump();
  const again = await put(served, textOf(exported));
  assert.deepEqual(again.counts, { added: 0, changed: 0, deleted: 0, unchanged: 9, managed: 0, warnings: 0 });
  assert.equal(again.written, false);
  assert.deepEqual(await served.dump(), before, 'the second import changed the store');
  const unchanged = await api.send('GET', path, undefined, { 'if-none-match': exported.headers.etag ?? '' });
  assert.equal(unchanged.status, 304);
});

const timesOfSoa: [file: string, defaultTtl: number, soa: object, served: string][] = [
  ['@ 60 SOA a b 1 2 3 4 3600', 120, { ttl: 60, negativeTtlSeconds: 3600 }, '60'],
  ['@ 500 SOA a b 1 2 3 4 450', 120, { ttl: 500, negativeTtlSeconds: 450 }, '500'],
  ['@ 120 SOA a b 1 2 3 4 450', 120, { negativeTtlSeconds: 450 }, '120'],
  ['@ 0 SOA a b 1 2 3 4 30', 120, { ttl: 0, negativeTtlSeconds: 30 }, '0'],
  ['$TTL 1h\n@ SOA a b 1 2 3 4 30', 300, { negativeTtlSeconds: 30 }, '3600'],
  ['$TTL 1h\n@ 60 SOA a b 1 2 3 4 30', 300, { ttl: 60, negativeTtlSeconds: 30 }, '60'],
  ['$TTL 1h\n@ SOA a b 1 2 3 4 30', 120, { ttl: 3600, negativeTtlSeconds: 30 }, '3600'],
  ['$TTL 1h\n$TTL 60m\n@ SOA a b 1 2 3 4 30', 300, { negativeTtlSeconds: 30 }, '3600'],
  ['$TTL 60\n@ SOA a b 1 2 3 4 30\n$TTL 300', 300, { ttl: 60, negativeTtlSeconds: 30 }, '60'],
];

for (const [file, before, soa, served] of timesOfSoa) {
  test(`a zone with defaultTtl ${before} takes TTLs from ${JSON.stringify(file)}, and exports them`, async (t) => {
    const api = await servedApi(t);
    await api.api.ok(201, 'POST', '/v1/zones', { name: 'foo.k8s', defaultTtl: before });
    const first = await put(api, `${file}\na 300 A 192.0.2.1`);
    assert.deepEqual(first.warnings, []);
    const zone = await api.api.ok<{ defaultTtl: number; soa: object }>(200, 'GET', '/v1/zones/foo.k8s');
    const times = { refreshSeconds: 2, retrySeconds: 3, expireSeconds: 4 };
    assert.deepEqual(zone.soa, { mname: 'a.foo.k8s', rname: 'b.foo.k8s', ...times, ...soa });
    assert.equal(zone.defaultTtl, before === 300 && file.includes('$TTL 1h') ? 3600 : before);
    const exported = textOf(await api.api.send('GET', path));
    assert.equal(exported.split('\t')[1], served);
    assert.equal((await put(api, exported)).written, false);
  });
}

test('an import that changes only the defaultTtl is written, and the implied NS records follow', async (t) => {
  const api = await servedApi(t);
  await putMember(api, 'box', ['192.0.2.53:53']);
  await api.api.ok(201, 'POST', '/v1/zones', { name: 'foo.k8s', soa: { ttl: 60 } });
  const exported = textOf(await api.api.send('GET', path));
  const file = `$TTL 900\n${exported.replaceAll(/^(\S+)\t300\t/gm, '$1\t900\t')}`;
  const { written, counts } = await put(api, file);
  assert.deepEqual([written, counts.added, counts.changed, counts.deleted], [true, 0, 0, 0]);
  assert.equal((await api.api.ok<{ defaultTtl: number }>(200, 'GET', '/v1/zones/foo.k8s')).defaultTtl, 900);
  const { ttl } = await api.api.ok<{ ttl: number }>(200, 'GET', '/v1/zones/foo.k8s/rrsets/@/NS');
  assert.equal(ttl, 900);
});

test('an e-mail address as the RNAME of a SOA becomes a name, with a warning', async (t) => {
  const served = await prepare(t);
  const { warnings } = await put(served, '@ 120 SOA a hostmaster@foo.k8s. 1 2 3 4 5');
  assert.deepEqual(
    warnings.map(({ line, message }) => [line, /has an @: hostmaster\.foo\.k8s is taken/.test(message)]),
    [[1, true]],
  );
  const zone = await served.api.ok<{ soa: { rname?: string } }>(200, 'GET', '/v1/zones/foo.k8s');
  assert.equal(zone.soa.rname ?? 'hostmaster.foo.k8s', 'hostmaster.foo.k8s');
});

test('implied records are exported, and importing them again does not store them', async (t) => {
  const served = await prepare(t);
  await served.api.ok(201, 'PUT', '/v1/zones/foo.k8s/rrsets/web-1/A', { records: ['192.0.2.1'] });
  await served.api.ok(201, 'PUT', '/v1/zones/foo.k8s/rrsets/a.web/A', { records: ['192.0.2.2'] });
  await served.api.ok(201, 'PUT', '/v1/zones/foo.k8s/rrsets/@/TXT', { records: ['"apex"'] });
  const text = textOf(await served.api.send('GET', path));
  assert.deepEqual(
    text
      .trim()
      .split('\n')
      .map((line) =>
        line
          .split('\t')
          .filter((_, index) => index === 0 || index === 3)
          .join(' '),
      ),
    ['foo.k8s. SOA', 'foo.k8s. NS', 'foo.k8s. TXT', 'a.web.foo.k8s. A', 'web-1.foo.k8s. A'],
  );
  const again = await put(served, text);
  assert.deepEqual([again.written, again.counts.unchanged, again.warnings], [false, 5, []]);
});

test('implied records are exported in canonical order with the others (RFC 4034 §6.1)', async (t) => {
  const served = await prepare(t);
  await putMember(served, 'box', ['192.0.2.53:53', '[2001:db8::53]:53']);
  const rrsets = [
    ['@', 'MX', '10 mx.example.'],
    ['a', 'A', '192.0.2.1'],
    ['ns', 'A', '192.0.2.2'],
    ['x.ns', 'A', '192.0.2.3'],
    ['ns-box', 'TXT', '"a word"'],
    ['ns-c', 'A', '192.0.2.4'],
    ['zz', 'A', '192.0.2.5'],
  ];
  for (const [name, type, record] of rrsets)
    await served.api.ok(201, 'PUT', `/v1/zones/foo.k8s/rrsets/${name}/${type}`, { records: [record] });
  const text = textOf(await served.api.send('GET', path));
  const order = text.split('\n').map((line) => line.replace(/^(\S+)\t\d+\tIN\t(\S+)\t.*$/, '$1 $2'));
  assert.deepEqual(order.slice(0, -1), [
    'foo.k8s. SOA',
    'foo.k8s. NS',
    'foo.k8s. NS',
    'foo.k8s. MX',
    'a.foo.k8s. A',
    'ns.foo.k8s. A',
    'x.ns.foo.k8s. A',
    'ns-box.foo.k8s. A',
    'ns-box.foo.k8s. AAAA',
    'ns-box.foo.k8s. TXT',
    'ns-c.foo.k8s. A',
    'zz.foo.k8s. A',
  ]);
});

test('importing the export of another server leaves out its implied records, with a warning', async (t) => {
  const [one, other] = [await prepare(t), await prepare(t)];
  await putMember(one, 'box', ['192.0.2.53:53']);
  await one.api.ok(201, 'PUT', '/v1/zones/foo.k8s/rrsets/www/A', { records: ['192.0.2.1'] });
  const text = textOf(await one.api.send('GET', path));
  assert.match(text, /^ns-box\.foo\.k8s\.\t120\tIN\tA\t192\.0\.2\.53 ; implied$/m);
  const { counts, warnings } = await put(other, text);
  assert.deepEqual([counts.added, counts.changed], [1, 0]);
  assert.deepEqual(
    warnings.map(({ line, message }) => [line, /marked "; implied" are left out/.test(message)]),
    [[2, true]],
  );
  const { items } = await other.api.ok<{ items: { name: string; type: string; managedBy?: string }[] }>(
    200,
    'GET',
    '/v1/zones/foo.k8s/rrsets',
  );
  assert.deepEqual(
    items.filter(({ managedBy }) => managedBy === undefined).map(({ name, type }) => `${name} ${type}`),
    ['www A'],
  );
  const zone = await other.api.ok<{ soa: object }>(200, 'GET', '/v1/zones/foo.k8s');
  assert.ok(!('mname' in zone.soa), 'the replica of the other server became the primary here');

  const own = await put(other, text.replaceAll(' ; implied', ''));
  assert.match(
    own.warnings[0]?.message ?? '',
    /replace those that the settings of the zone imply.*DELETE \/v1\/zones\/foo\.k8s\/rrsets\/@\/NS/,
  );
  assert.equal(own.counts.added, 2);
});

test('a dry run reports the difference and changes nothing', async (t) => {
  const served = await prepare(t);
  await put(served, example);
  const before = await served.dump();
  const { difference, written, counts } = await put(
    served,
    example
      .replace('192.0.2.2', '192.0.2.3')
      .replace(/^txt.*$/m, 'new A 192.0.2.9')
      .replace('15m', '16m'),
    '?dryRun=true',
  );
  assert.equal(written, false);
  assert.deepEqual(await served.dump(), before);
  assert.deepEqual([counts.added, counts.changed, counts.deleted], [1, 2, 1]);
  assert.deepEqual(
    difference?.map(({ name, type }) => `${name} ${type}`),
    ['txt TXT', 'www A', 'new A', '@ SOA'],
  );
  assert.deepEqual(difference?.[1], {
    name: 'www',
    type: 'A',
    before: { ttl: 300, records: ['192.0.2.1', '192.0.2.2'] },
    after: { ttl: 300, records: ['192.0.2.1', '192.0.2.3'] },
  });
});

test('the difference of a dry run is limited in length, and its counts include everything', async (t) => {
  const served = await prepare(t);
  const large = Array(200)
    .fill(`"${'x'.repeat(250)}"`)
    .join(' ');
  const file = Array.from({ length: 100 }, (_, index) => `n${index} TXT ${large}\n`).join('');
  const answer = await served.api.send('PUT', `${path}?dryRun=true`, file, textDns);
  assert.equal(answer.status, 200);
  const { counts, difference = [] } = answer.body as Imported;
  assert.equal(counts.added, 100);
  const octets = Buffer.byteLength(JSON.stringify(difference));
  assert.ok(octets <= 4 * 1024 * 1024 && octets > 3.8 * 1024 * 1024, String(octets));
  assert.deepEqual(
    difference.map(({ name }) => name),
    Array.from(difference, (_, index) => `n${index}`),
  );
});

test('every fault of a file is listed with its line, and nothing is changed', async (t) => {
  const served = await prepare(t);
  await put(served, example);
  const before = await served.dump();
  const problem = await refused(
    served,
    [
      '$INCLUDE /etc/passwd',
      'a A 192.0.2.300',
      'b.example. A 192.0.2.1',
      'c CNAME x',
      'c A 192.0.2.1',
      'd A 10.0.0.1',
      'd ( A',
    ].join('\n'),
  );
  assert.equal(problem.code, 'record_invalid');
  assert.deepEqual(
    problem.errors?.map(({ pointer }) => pointer),
    ['line:1', 'line:2', 'line:4', 'line:7'],
  );
  assert.deepEqual(await served.dump(), before);
  assert.equal((await refused(served, 'x.example. A 192.0.2.1')).code, 'outside_zone');
  assert.equal((await refused(served, '@ CNAME x')).code, 'cname_conflict');
  assert.equal((await refused(served, '; nothing')).code, 'record_invalid');
  const many = await refused(served, 'a A x\n'.repeat(500));
  assert.deepEqual([many.faults, many.errors?.length], [500, 500]);
  assert.deepEqual(await served.dump(), before);
});

test('records outside the zone are left out, each with a warning; with ?strict=true the file is refused', async (t) => {
  const served = await prepare(t);
  const file = 'a A 192.0.2.1\n@ NS ns.example.\nns.example. A 192.0.2.2\n';
  const strict = problemIn(await served.api.send('PUT', `${path}?strict=true`, file, textDns));
  assert.deepEqual([strict.code, strict.errors?.map(({ pointer }) => pointer)], ['outside_zone', ['line:3']]);
  const { counts, warnings } = await put(served, file);
  assert.equal(counts.added, 2);
  assert.deepEqual(warnings.at(-1), {
    line: 3,
    message: 'ns.example is not in zone foo.k8s: its A is left out',
  });
  const other = await refused(served, 'a A 192.0.2.1\nexample. 60 SOA a. b. 1 1 1 1 1\n');
  assert.deepEqual([other.code, other.errors?.[0]?.pointer], ['outside_zone', 'line:2']);
  assert.match(other.detail ?? '', /the SOA is that of example: this is not a file of zone foo\.k8s/);
});

test('records of hosts stay, and a file that contradicts them is refused', async (t) => {
  const served = await prepare(t);
  const { api } = served;
  const host = { name: 'nginx.foo.k8s', addresses: ['10.9.0.1'], aliases: ['www.foo.k8s'], ptr: false };
  await api.ok(201, 'POST', '/v1/hosts', host);
  const counts = (await put(served, 'other A 192.0.2.1\nnginx 120 A 10.9.0.1\n')).counts;
  assert.deepEqual([counts.added, counts.managed], [1, 2]);
  await api.ok(200, 'GET', '/v1/zones/foo.k8s/rrsets/www/CNAME');
  const nginx = await api.ok(200, 'GET', '/v1/zones/foo.k8s/rrsets/nginx/A');
  assert.equal(nginx.managedBy, 'host:nginx.foo.k8s');
  for (const line of ['nginx 120 A 10.9.0.2', 'nginx 60 A 10.9.0.1', 'nginx CNAME x', 'www A 192.0.2.1']) {
    const problem = await refused(served, `${line}\n`);
    assert.deepEqual([problem.code, problem.errors?.[0]?.pointer], ['managed_record', 'line:1'], line);
  }
  assert.equal((await put(served, textOf(await api.send('GET', path)))).written, false);
  await api.ok(204, 'DELETE', '/v1/hosts/nginx.foo.k8s');
  await api.refused('not_found', 'GET', '/v1/zones/foo.k8s/rrsets/www/CNAME');
});

test('an import with If-Match is refused if the zone has changed since its export', async (t) => {
  const served = await prepare(t);
  const { etag = '' } = (await served.api.send('GET', path)).headers;
  await served.api.ok(201, 'PUT', '/v1/zones/foo.k8s/rrsets/a/A', { records: ['192.0.2.1'] });
  const late = await served.api.send('PUT', path, 'b A 192.0.2.1\n', { ...textDns, 'if-match': etag });
  assert.equal(problemIn(late).code, 'precondition_failed');
  const { etag: newer = '' } = (await served.api.send('GET', path)).headers;
  const answer = await served.api.send('PUT', path, 'b A 192.0.2.1\n', { ...textDns, 'if-match': newer });
  assert.equal(answer.status, 200, answer.text);
});

test('an unreadable stored value is left out of an export, and makes an import fail', async (t) => {
  const served = await prepare(t);
  await served.api.ok(201, 'PUT', '/v1/zones/foo.k8s/rrsets/a/A', { records: ['192.0.2.1'] });
  const key = nameKey(parseName('foo.k8s'), 1, parseName('b.foo.k8s'));
  await served.store.commit({ compares: [], operations: [{ kind: 'put', key, value: '{' }] });
  const text = textOf(await served.api.send('GET', path));
  assert.match(text, /^a\.foo\.k8s\.\t120\tIN\tA\t192\.0\.2\.1$/m);
  const problem = await refused(served, 'c A 192.0.2.1\n');
  assert.deepEqual([problem.code, problem.detail.includes(key)], ['value_unreadable', true]);
});

test('the zone file of an unknown zone, a JSON body and an empty body are refused', async (t) => {
  const { api } = await prepare(t);
  await api.refused('unsupported_media_type', 'PUT', path, { a: 1 });
  await api.refused('invalid_request', 'PUT', path);
  await api.refused('not_found', 'GET', '/v1/zones/other/zonefile');
  assert.equal(
    problemIn(await api.send('PUT', '/v1/zones/other/zonefile', 'a A 10.0.0.1\n', textDns)).code,
    'not_found',
  );
});

test('a client that asks for progress gets it, and the result or the problem at the end', {
  timeout: 120_000,
}, async (t) => {
  const { api, url, views } = await prepare(t);
  const send = async (body: string) => {
    const headers = { ...textDns, accept: 'application/x-ndjson', authorization: 'Bearer a-token-for-tests-only' };
    const answer = await fetch(url + path, { method: 'PUT', headers, body });
    assert.equal(answer.status, 200);
    return (await answer.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  const lines = await send('$GENERATE 1-20000 host-$ A 10.1.0.1\n');
  assert.ok(lines.some((line) => (line.progress as { phase: string } | undefined)?.phase === 'writing'));
  const { result } = lines.at(-1) as { result: Imported };
  assert.deepEqual([result.counts.added, result.written], [20_000, true]);
  assert.equal(views.faults.size, 0);
  const text = textOf(await api.send('GET', path));
  assert.equal(text.trim().split('\n').length, 20_002);
  const again = (await send(text)).at(-1) as { result: Imported };
  assert.equal(again.result.written, false);
  const refusal = (await send('a A x\n')).at(-1) as { problem: { code: string } };
  assert.equal(refusal.problem.code, 'record_invalid');
});
