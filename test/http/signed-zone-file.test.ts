// Zone files of signed zones over HTTP: the records that are left out, the warning, and the refusal. The keys are those
// of RFC 4034 §5.4 and RFC 4509 §2.3, and the key of a zone that BIND has signed.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { problemIn } from '../support/api-client.ts';
import { findProgram } from '../support/peer-process.ts';
import { servedApi } from '../support/served-api.ts';
import { temporaryFolder } from '../support/temporary.ts';

interface Imported {
  counts: { added: number; warnings: number };
  warnings: { line: number; message: string }[];
}

const textDns = { 'content-type': 'text/dns' };
const rfcKey =
  '256 3 5 AQOeiiR0GOMYkDshWoSKz9Xz fwJr1AYtsmx3TGkJaNXVbfi/ 2pHm822aJ5iI9BMzNXxeYCmZ DRD99WYwYqUSdjMmmAphXdvx egXd/M5+X7OrzKBaMbCVdFLU Uh6DhweJBjEVv5f2wwjM9Xzc nOf+EPbtG9DMBmADjFDc2w/r ljwvFw==';
const rfcDigest = '60485 5 2 D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A';
const signature = 'A 5 3 60 20380101000000 20200101000000 60485 dskey.example.com. AQID';

async function prepare(t: TestContext, zone: string) {
  const { api } = await servedApi(t);
  await api.ok(201, 'POST', '/v1/zones', { name: zone });
  const path = `/v1/zones/${zone}/zonefile`;
  const send = (text: string, query = '') => api.send('PUT', path + query, text, textDns);
  const put = async (text: string): Promise<Imported> => {
    const answer = await send(text);
    assert.equal(answer.status, 200, answer.text);
    return answer.body as Imported;
  };
  const types = async () => {
    const { items } = await api.ok<{ items: { name: string; type: string; managedBy?: string }[] }>(
      200,
      'GET',
      `/v1/zones/${zone}/rrsets?limit=1000`,
    );
    return items.filter(({ managedBy }) => managedBy === undefined).map(({ name, type }) => `${name} ${type}`);
  };
  return { api, send, put, types };
}

const signed = `
@ 60 DNSKEY ${rfcKey}
@ 60 CDS 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118
@ 60 CDNSKEY ${rfcKey}
@ 60 NSEC3PARAM 1 0 0 -
@ 60 TYPE65534 \\# 5 05EC450001
@ 60 ZONEMD 1 1 1 ${'ab'.repeat(48)}
a 60 A 192.0.2.1
a 60 RRSIG ${signature}
a 60 NSEC b A
2vptu5timamqttgl4luu9kg21e0aor3s 60 NSEC3 1 0 0 - 2vptu5timamqttgl4luu9kg21e0aor3s A
b 60 NS ns.example.
b 60 DS 1 8 2 ${'00'.repeat(32)}
c 60 DNSKEY 257 3 8 AQID
`;

test('the records of a signer are left out, and one warning names the DS records to remove first', async (t) => {
  const { put, types } = await prepare(t, 'dskey.example.com');
  const { warnings } = await put(signed);
  assert.deepEqual(await types(), ['a A', 'b DS', 'b NS', 'c DNSKEY'], 'DS at a delegation and keys elsewhere stay');
  assert.deepEqual(
    warnings.slice(0, 2).map(({ line }) => line),
    [2, 7],
  );
  const [first, second] = warnings.map(({ message }) => message);
  assert.equal(
    first,
    'the zone was signed and will be served unsigned: remove its DS records at the parent first ' +
      `(DS ${rfcDigest}, DS 60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118), or validating resolvers reject every ` +
      'answer; left out: DNSKEY, CDS, CDNSKEY, NSEC3PARAM, TYPE65534, RRSIG, NSEC, NSEC3',
  );
  assert.match(second ?? '', /ZONEMD is left out/);
});

test('for signatures without their keys, the warning names the keys that made them', async (t) => {
  const { put } = await prepare(t, 'dskey.example.com');
  const { warnings } = await put(`a 60 A 192.0.2.1\na 60 RRSIG ${signature}\n`);
  assert.match(warnings[0]?.message ?? '', /remove its DS records at the parent first \(of keys 60485\)/);
});

test('?signed=refuse refuses a signed zone, and takes an unsigned one, also with a ZONEMD', async (t) => {
  const { send, types } = await prepare(t, 'dskey.example.com');
  const problem = problemIn(await send(signed, '?signed=refuse'));
  assert.deepEqual([problem.code, problem.errors?.map(({ pointer }) => pointer)], ['zone_signed', ['line:2']]);
  assert.deepEqual(await types(), []);
  const unsigned = await send(`a 60 A 192.0.2.1\n@ 60 ZONEMD 1 1 1 ${'ab'.repeat(48)}\n`, '?signed=refuse');
  assert.equal(unsigned.status, 200, unsigned.text);
  assert.deepEqual(await types(), ['a A']);
  const wrong = problemIn(await send('a 60 A 192.0.2.1\n', '?signed=perhaps'));
  assert.equal(wrong.code, 'invalid_request');
});

test('signatures that users write have the TTL of their RRset in the API, and that of the RRset that each covers in an export', async (t) => {
  const { api } = await prepare(t, 'dskey.example.com');
  const rrset = (type: string) => `/v1/zones/dskey.example.com/rrsets/a/${type}`;
  await api.ok(201, 'PUT', rrset('A'), { ttl: 60, records: ['192.0.2.1'] });
  await api.ok(201, 'PUT', rrset('RRSIG'), { ttl: 300, records: [signature, signature.replace('A 5', 'TXT 5')] });
  await api.ok(201, 'PUT', rrset('TXT'), { ttl: 3600, records: ['"x"'] });
  const { ttl } = await api.ok<{ ttl: number }>(200, 'GET', rrset('RRSIG'));
  assert.equal(ttl, 300);
  const answer = await api.send('GET', '/v1/zones/dskey.example.com/zonefile');
  const lines = (answer.text ?? String(answer.body)).split('\n').filter((line) => line.includes('\tRRSIG\t'));
  assert.deepEqual(
    lines.map((line) => line.split('\t').slice(1, 4).join(' ') + line.slice(line.indexOf('RRSIG') + 5, -1).slice(0, 4)),
    ['60 IN RRSIG\tA 5', '3600 IN RRSIG\tTXT'],
  );
});

const skip = findProgram('dnssec-signzone') === undefined && 'dnssec-signzone is not installed: install bind9-utils';

test('a zone that BIND has signed is imported as it was before, and the warning has the DS that BIND computes', {
  skip,
}, async (t) => {
  const folder = await temporaryFolder(t);
  const run = (program: string, ...args: string[]) =>
    execFileSync(findProgram(program) ?? program, args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' }).trim();
  const keys = [['-f', 'KSK'], []].map((flags) =>
    run('dnssec-keygen', '-q', '-a', 'ECDSAP256SHA256', ...flags, 'z.test'),
  );
  const zone = `$TTL 60\n@ SOA ns a 1 2 3 4 5\n@ NS ns.example.\nwww A 192.0.2.1\n*.w TXT "x"\nalias CNAME www\nsub NS ns.example.\n`;
  const included = keys.map((key) => readFileSync(join(folder, `${key}.key`), 'utf8')).join('');
  writeFileSync(join(folder, 'zone'), zone + included);
  for (const options of [[], ['-3', '-']]) {
    run('dnssec-signzone', '-q', '-z', '-x', ...options, '-S', '-o', 'z.test', '-f', 'signed', 'zone');
    const { put, types } = await prepare(t, 'z.test');
    const { warnings } = await put(readFileSync(join(folder, 'signed'), 'utf8'));
    const ds = run('dnssec-dsfromkey', '-2', keys[0] ?? '').split(' DS ')[1];
    assert.ok(
      warnings.some(({ message }) => message.includes(`(DS ${ds})`)),
      JSON.stringify(warnings),
    );
    assert.deepEqual((await types()).sort(), ['*.w TXT', '@ NS', 'alias CNAME', 'sub NS', 'www A']);
  }
});
