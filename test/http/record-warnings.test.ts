// Records that look like a mistake are accepted with a warning, in requests and in zone files. Records that only look
// unusual get no warning.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { servedApi } from '../support/served-api.ts';

interface Case {
  owner?: string;
  type: string;
  record: string;
  /** The expected warning; undefined for a record without a warning. */
  warning?: RegExp;
}

const twice = /zone's name twice/;
const cases: Record<string, Case[]> = {
  'z.example': [
    { owner: 'a.z.example', type: 'A', record: '192.0.2.1', warning: /name of its zone twice/ },
    { type: 'CNAME', record: 'mail.z.example.z.example.', warning: twice },
    { type: 'DNAME', record: 'z.example.z.example.', warning: twice },
    { type: 'MX', record: '10 mail.z.example.z.example.', warning: twice },
    { type: 'NS', record: 'ns.z.example.z.example.', warning: twice },
    { type: 'SRV', record: '10 60 5060 sip.z.example.z.example.', warning: twice },
    { type: 'PTR', record: 'mail.z.example.z.example.', warning: twice },
    { type: 'HTTPS', record: '1 www.z.example.z.example. alpn="h2"', warning: twice },
    { type: 'NAPTR', record: '100 10 "s" "SIP+D2U" "" _sip._udp.z.example.z.example.', warning: twice },
    { type: 'MX', record: '10 mail.z.example.' },
    { type: 'MX', record: '10 mailz.example.z.example.' },
    { type: 'CNAME', record: 'z.example.z.example.elsewhere.' },
    { type: 'TXT', record: '"see mail.z.example.z.example. now"' },
    { type: 'TXT', record: 'v=spf1 mx -all', warning: /several strings/ },
    { type: 'TXT', record: 'v=spf1 "mx"', warning: /several strings/ },
    { type: 'TXT', record: '"v=spf1" mx', warning: /several strings/ },
    { type: 'TXT', record: 'v=spf1 "mx -all"' },
    { type: 'TXT', record: '"a ; b" "\\"quoted\\"" plain' },
    { type: 'SPF', record: 'v=spf1 mx', warning: /several strings/ },
    { type: 'TXT', record: '"v=spf1 include:a.example" "include:b.example"' },
    { type: 'TXT', record: '"v=DKIM1;" "p=abc"' },
    { type: 'TXT', record: '"one""two"' },
    { type: 'TXT', record: 'one' },
    { type: 'TXT', record: 'one\\ text' },
    { type: 'TXT', record: '"a\\" b"' },
    { type: 'TXT', record: `"${'a'.repeat(200)}" "${'b'.repeat(100)}"` },
    { type: 'TXT', record: `${'a'.repeat(200)} ${'b'.repeat(100)}` },
    { type: 'A', record: '0.0.0.0', warning: /no host has/ },
    { type: 'A', record: '0.1.2.3', warning: /no host has/ },
    { type: 'A', record: '255.255.255.255', warning: /broadcast/ },
    { type: 'A', record: '224.0.0.1', warning: /multicast/ },
    { type: 'A', record: '239.255.255.255', warning: /multicast/ },
    { type: 'AAAA', record: '::', warning: /no host has/ },
    { type: 'AAAA', record: 'ff02::1', warning: /multicast/ },
    { type: 'A', record: '127.0.0.1' },
    { type: 'A', record: '192.0.2.255' },
    { type: 'A', record: '223.255.255.255' },
    { type: 'AAAA', record: '::1' },
    { type: 'AAAA', record: 'fe80::1' },
    { type: 'AAAA', record: 'ff5::1' },
  ],
  '2.0.192.in-addr.arpa': [
    { owner: '1', type: 'PTR', record: 'a.example.' },
    { owner: '2', type: 'PTR', record: 'a.example.2.0.192.in-addr.arpa.', warning: /reverse/ },
    { owner: '3', type: 'CNAME', record: '3.0-127.2.0.192.in-addr.arpa.' },
    { owner: 'b._dns-sd._udp', type: 'PTR', record: 'b.2.0.192.in-addr.arpa.' },
  ],
};

function check(warnings: readonly { message: string }[], { type, record, warning }: Case, place: string): void {
  const what = `${place}: ${type} ${record}: ${warnings.map(({ message }) => message).join('; ')}`;
  assert.equal(warnings.length, warning === undefined ? 0 : 1, what);
  if (warning !== undefined) assert.match(warnings[0]?.message ?? '', warning);
}

async function prepare(t: TestContext) {
  const { api } = await servedApi(t);
  for (const name of Object.keys(cases))
    await api.ok(201, 'POST', '/v1/zones', { name, nameservers: ['ns.elsewhere'] });
  return api;
}

test('a record that looks like a mistake gets a warning when it is written, and others get none', async (t) => {
  const api = await prepare(t);
  for (const [zone, list] of Object.entries(cases)) {
    for (const [index, one] of list.entries()) {
      const path = `/v1/zones/${zone}/rrsets/${one.owner ?? `n${index}`}/${one.type}`;
      const written = await api.ok<{ warnings?: { message: string }[] }>(201, 'PUT', path, { records: [one.record] });
      check(written.warnings ?? [], one, 'RRset');
    }
  }
});

test('a record that looks like a mistake gets the same warning in a zone file, with its line', async (t) => {
  const api = await prepare(t);
  for (const [zone, list] of Object.entries(cases)) {
    const lines = list.map(({ owner, type, record }, index) => `${owner ?? `n${index}`} 60 ${type} ${record}`);
    const path = `/v1/zones/${zone}/zonefile?dryRun=true`;
    const answer = await api.send('PUT', path, `$TTL 60\n${lines.join('\n')}\n`, { 'content-type': 'text/dns' });
    assert.equal(answer.status, 200, answer.text);
    const { warnings } = answer.body as { warnings: { line: number; message: string }[] };
    for (const [index, one] of list.entries())
      check(
        warnings.filter(({ line }) => line === index + 2),
        one,
        'file',
      );
  }
});

test("a SOA in a zone file gets a warning if it names the zone's name twice", async (t) => {
  const api = await prepare(t);
  const path = '/v1/zones/z.example/zonefile?dryRun=true';
  const warningsOf = async (names: string) => {
    const answer = await api.send('PUT', path, `@ 60 SOA ${names} 1 2 3 4 5\n`, { 'content-type': 'text/dns' });
    return (answer.body as { warnings: { message: string }[] }).warnings.filter(({ message }) => twice.test(message));
  };
  assert.equal((await warningsOf('ns.z.example hostmaster.z.example.')).length, 1);
  assert.equal((await warningsOf('ns.z.example. hostmaster.z.example')).length, 1);
  assert.equal((await warningsOf('ns.z.example. hostmaster')).length, 0);
});

test('a host with an address that no host has gets the warning too, and an import does not repeat it', async (t) => {
  const api = await prepare(t);
  const wanted = { name: 'a.z.example', addresses: ['239.0.0.1'], ptr: false };
  const host = await api.ok<{ warnings?: Record<string, string>[] }>(201, 'POST', '/v1/hosts', wanted);
  assert.deepEqual(
    host.warnings?.map(({ name, type }) => `${name} ${type}`),
    ['a.z.example A'],
  );
  assert.match(host.warnings?.[0]?.message ?? '', /multicast/);
  const file = '@ 60 NS ns.elsewhere.\na 60 TXT x\n';
  const answer = await api.send('PUT', '/v1/zones/z.example/zonefile', file, { 'content-type': 'text/dns' });
  assert.doesNotMatch(answer.text, /multicast/);
});

test('a message that advises a request has its path as it must be sent', async (t) => {
  const { api } = await servedApi(t);
  const zone = '0/25.2.0.192.in-addr.arpa';
  await api.ok(201, 'POST', '/v1/zones', { name: zone });
  const at = '/v1/zones/0%2F25.2.0.192.in-addr.arpa';
  const problem = await api.refused('record_invalid', 'PUT', `${at}/rrsets/@/SOA`, { records: ['a. b. 1 2 3 4 5'] });
  assert.match(problem.detail, new RegExp(`PATCH ${at} with`));
  const file = await api.send('PUT', `${at}/zonefile`, '@ NS ns.example.\n', { 'content-type': 'text/dns' });
  const { warnings } = file.body as { warnings: { message: string }[] };
  const advised = warnings
    .map(({ message }) => /DELETE (\S+) brings/.exec(message)?.[1])
    .find((path) => path !== undefined);
  assert.equal(advised, `${at}/rrsets/@/NS`);
  await api.ok(204, 'DELETE', advised);
});
