// dig and kdig ask a replica as users run it: cookies, NSID, extended errors, EDNS that must be ignored, CHAOS, and
// their settings.

import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { ConfigFaults, readConfig } from '../../src/config.ts';
import { type Replica, startReplica } from '../support/replica.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** Returns a test's `skip`: false if the tool is installed, or under CI, where the test must fail without it. */
function without(tool: string): string | false {
  return spawnSync(tool, ['-h']).error !== undefined && process.env.CI !== 'true' ? `${tool} is not installed` : false;
}

function asker(replica: Replica, tool: string): (...words: string[]) => Promise<string> {
  const { address, port } = replica.dns;
  return async (...words) => (await promisify(execFile)(tool, [`@${address}`, '-p', String(port), ...words])).stdout;
}

test('dig gets cookies, NSID, extended errors and CHAOS as they are set', { skip: without('dig') }, async (t) => {
  const flags = ['--dns-cookies', 'strict', '--dns-chaos', 'on', '--replica', 'replica-1'];
  const replica = await startReplica(t, await temporaryFolder(t), flags);
  await replica.expect(201, 'POST', '/v1/zones', { name: 'example.org' });
  const dig = asker(replica, 'dig');

  // In strict mode, dig first gets BADCOOKIE with a server cookie, and asks again with that.
  const answer = await dig('example.org', 'SOA', '+nsid', '+cookie');
  assert.match(answer, /status: NOERROR/);
  assert.match(answer, /ANSWER: 1/);
  assert.match(answer, /COOKIE: [0-9a-f]{16}01000000[0-9a-f]{24} \(good\)/);
  assert.match(answer, /NSID: .*\("replica-1"\)/);
  const refused = await dig('example.org', 'SOA', '+cookie=2464c4abcf10c957', '+nobadcookie');
  assert.match(refused, /status: BADCOOKIE/);
  const cookie = /COOKIE: ([0-9a-f]{48}) \(good\)/.exec(refused)?.[1];
  assert.match(await dig('example.org', 'SOA', `+cookie=${cookie}`, '+nobadcookie'), /status: NOERROR/);
  assert.match(await dig('example.org', 'SOA', '+nocookie'), /status: NOERROR/);

  assert.match(await dig('elsewhere.test', 'A', '+nocookie'), /status: REFUSED.*EDE: 20 \(Not Authoritative\)/s);
  assert.doesNotMatch(await dig('elsewhere.test', 'A', '+noedns'), /EDE|OPT/);
  assert.match(await dig('example.org', 'SOA', '+nocookie', '+ednsopt=65001:abcd', '+ednsopt=100'), /status: NOERROR/);
  assert.match(await dig('example.org', 'SOA', '+nocookie', '+ednsflags=0x7f'), /status: NOERROR/);
  assert.match(await dig('example.org', 'SOA', '+nocookie', '+edns=1', '+noednsneg'), /status: BADVERS/);
  assert.match(await dig('+header-only', `+cookie=${cookie}`), /status: NOERROR.*QUERY: 0, ANSWER: 0.*COOKIE: /s);

  assert.equal(await dig('id.server', 'TXT', 'CH', '+short'), '"replica-1"\n');
  assert.match(await dig('version.bind', 'TXT', 'CH', '+short'), /^"Zonewright \d+\.\d+\.\d+"\n$/);
  const metrics = await (await fetch(`${replica.url}/metrics`)).text();
  assert.match(metrics, /zonewright_dns_cookies_total\{cookie="good"\} [1-9]/);
  assert.match(metrics, /zonewright_dns_responses_total\{rcode="BADCOOKIE"\} [1-9]/);
  assert.match(metrics, /zonewright_dns_rate_limited_total\{class="nxdomain"\} 0/);
});

test('kdig gets cookies and NSID, and nothing that is switched off', { skip: without('kdig') }, async (t) => {
  const replica = await startReplica(t, await temporaryFolder(t), ['--replica', 'replica-2']);
  await replica.expect(201, 'POST', '/v1/zones', { name: 'example.org' });
  const kdig = asker(replica, 'kdig');
  const answer = await kdig('example.org', 'SOA', '+nsid', '+cookie');
  assert.match(answer, /status: NOERROR/);
  assert.match(answer, /COOKIE: [0-9A-Fa-f]{16}/);
  assert.match(answer, /NSID: .*"replica-2"/);
  assert.match(await kdig('CH', 'TXT', 'id.server', '+edns'), /status: REFUSED.*EDE: 18/s);
  assert.match(await kdig('example.org', 'SOA', '+tcp', '+cookie'), /status: NOERROR.*COOKIE/s);
  assert.doesNotMatch(await kdig('example.org', 'SOA', '+edns'), /NSID|COOKIE/);
});

test('faults in these settings are reported, without secrets', () => {
  const flags = ['--dns-cookies', 'maybe', '--dns-rate-limit', 'x', '--dns-rate-limit-allow', '10.0.0.0/99'];
  assert.throws(
    () => readConfig(flags, { ZONEWRIGHT_DNS_COOKIE_SECRET: 'quite-secret', ZONEWRIGHT_DNS_NSID: 'yes' }),
    (error: ConfigFaults) => {
      assert.ok(error instanceof ConfigFaults);
      assert.equal(error.faults.length, 5);
      assert.doesNotMatch(error.message, /quite-secret/);
      return true;
    },
  );
  const config = readConfig([], { ZONEWRIGHT_DNS_COOKIE_SECRET: `${'0a'.repeat(16)},${'0B'.repeat(16)}` });
  assert.deepEqual(
    config.dnsCookieSecret?.map((secret) => secret[0]),
    [10, 11],
  );
  assert.deepEqual(
    [config.dnsRateLimit, config.dnsRateLimitSlip, config.dnsNsid, config.dnsChaos],
    [200, 2, true, false],
  );
});
