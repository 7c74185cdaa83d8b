// Values exactly as the first version wrote them. Every later version must read them, so do not change them. A version
// that writes another form adds its own samples.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidValue } from '../../src/model/invalid-value.ts';
import type { ValueCodec } from '../../src/store/codec/value-codec.ts';
import { outboxValue } from '../../src/store/kinds/outbox.ts';
import { kindModules } from './stored-kinds.ts';

const exported = [...kindModules.values()].flatMap((exports) => Object.entries(exports));
/** The name of an export → the codec of a kind's values. The locks of imports have no value. */
const codecs = new Map(exported.filter(([name]) => name.endsWith('Value')) as [string, ValueCodec<unknown>][]);

const written = {
  poolValue: [
    '{"v":1,"name":"p","ranges":["10.0.0.0/24"],"exclude":["10.0.0.7"],"autoAssign":true,"priority":0,"avoidBuggyIps":false,"allowFirstLast":true,' +
      '"strategy":"lowest","coolDownSeconds":0,"drain":false,"space":"default","reverse":false,"description":"","tags":{"a":"b"}}',
    '{"v":1,"id":"01m8pjq14tfgwp5z85n2amk84q","name":"q","parent":"p","ranges":["10.0.0.0/28"],"exclude":[],"autoAssign":true,"priority":0,' +
      '"avoidBuggyIps":false,"allowFirstLast":true,"strategy":"lowest","coolDownSeconds":0,"drain":false,"space":"default","description":"","tags":{}}',
  ],
  addressValue: [
    '{"v":1,"address":"10.0.0.5","space":"default","pool":"p","state":"held","holders":[{"kind":"host","host":"h.k8s","owner":""}],' +
      '"since":"2026-01-01T00:00:00.000Z"}',
    '{"v":1,"address":"10.0.0.6","space":"default","pool":null,"state":"held","holders":[{"kind":"allocation","id":"1","owner":"me","sharingKey":"k",' +
      '"ports":[{"protocol":"tcp","port":80}],"expiresAt":"2040-01-01T00:00:00.000Z","tags":{"rack":"7"}}],"since":"2026-01-01T00:00:00.000Z"}',
    '{"v":1,"address":"10.0.0.9","space":"default","pool":"p","state":"held","holders":[{"kind":"host","host":"h.k8s","owner":"","shared":true,"ptrFor":true},' +
      '{"kind":"host","host":"i.k8s","owner":"","sharingKey":"k","ports":[{"protocol":"tcp","port":80}]}],"since":"2026-01-01T00:00:00.000Z"}',
    '{"v":1,"address":"10.0.0.8","space":"default","pool":"p","state":"released","holders":[],"since":"2026-01-01T00:00:00.000Z",' +
      '"freeAt":"2026-01-01T00:01:00.000Z"}',
    '{"v":1,"address":"10.0.0.9","space":"default","pool":"p","state":"released","holders":[],"since":"2026-01-01T00:00:00.000Z",' +
      '"freeAt":"2026-01-01T00:01:00.000Z","former":{"host":"h.k8s","owner":"me"}}',
    '{"v":1,"address":"10.0.0.5","space":"default","givenBy":"p","state":"held","holders":[{"kind":"host","host":"h.k8s","owner":""}],' +
      '"since":"2026-01-01T00:00:00.000Z"}',
    '{"v":1,"address":"10.0.0.6","space":"default","givenBy":null,"state":"held","holders":[{"kind":"host","host":"h.k8s","owner":""}],' +
      '"since":"2026-01-01T00:00:00.000Z"}',
  ],
  zoneValue: [
    '{"v":1,"name":"k8s","generation":1,"defaultTtl":300,"nameservers":[],"soa":{},"skydns":false,"automatic":false}',
    '{"v":1,"name":"k8s","generation":1,"defaultTtl":300,"nameservers":[],"soa":{"ttl":60},"skydns":false,"automatic":false}',
    '{"v":1,"name":"k8s","generation":1,"defaultTtl":300,"nameservers":[],"soa":{},"skydns":false,' +
      '"addressNames":{"ranges":["10.0.0.0/8"],"dashed":true,"dotted":true,"hex":false,"ipv6":true},"automatic":false}',
    '{"v":1,"name":"10.in-addr.arpa","generation":7,"defaultTtl":300,"nameservers":["ns.example"],"soa":{"mname":"ns.example","rname":"me.example",' +
      '"refreshSeconds":1,"retrySeconds":2,"expireSeconds":3,"negativeTtlSeconds":4},"skydns":false,"automatic":true}',
  ],
  nameValue: [
    '{"v":1,"name":"h.k8s","rrsets":[{"type":"A","ttl":300,"records":["10.0.0.5"],"manager":"host"},{"type":"TXT","ttl":1,"records":["\\"x\\""]}]}',
    '{"v":1,"name":"e.k8s","rrsets":[{"type":"A","ttl":300,"records":["10.0.0.5"],"manager":"skydns"}]}',
  ],
  hostValue: [
    '{"v":1,"name":"s.k8s","zone":"k8s","addresses":[{"address":"10.0.0.9","space":"default","pool":"p","shared":true,"ptrFor":true},' +
      '{"address":"10.0.0.6","space":"default","pool":"p","sharingKey":"k","ports":[{"protocol":"tcp","port":80}]}],"aliases":[],"ttl":null,"ptr":true,' +
      '"owner":"","tags":{},"createdAt":"2026-01-01T00:00:00.000Z"}',
    '{"v":1,"name":"h.k8s","zone":"k8s","addresses":[{"address":"10.0.0.5","space":"default","pool":"p","noReverse":true,"ptrName":"5.0/28.0.0.10.in-addr.arpa"},{"address":"2001:db8::5","space":"default",' +
      '"pool":null,"ptr":false}],"aliases":["a.k8s"],"ttl":null,"ptr":true,"owner":"me","tags":{},"createdAt":"2026-01-01T00:00:00.000Z"}',
    '{"v":1,"name":"h.k8s","zone":"k8s","addresses":[{"address":"10.0.0.5","space":"default","givenBy":"p"},{"address":"10.0.0.6","space":"default",' +
      '"givenBy":null}],"aliases":[],"ttl":null,"ptr":true,"owner":"","tags":{},"createdAt":"2026-01-01T00:00:00.000Z"}',
  ],
  tokenValue: [
    `{"v":1,"id":"admin","salt":"${'b'.repeat(32)}","hash":"${'a'.repeat(64)}","role":"admin","createdAt":"2026-01-01T00:00:00.000Z"}`,
    `{"v":1,"id":"team-a","name":"Team A","salt":"${'b'.repeat(32)}","hash":"${'a'.repeat(64)}","role":"operator","zones":["a.k8s"],` +
      '"pools":[],"owner":"team-a","createdAt":"2026-01-01T00:00:00.000Z","rotatedAt":"2026-01-02T00:00:00.000Z","expiresAt":"2040-01-01T00:00:00.000Z"}',
  ],
  renumberingValue: [
    '{"v":1,"pool":"p","to":"q","allocations":false,"state":"running","startedAt":"2026-01-01T00:00:00.000Z","done":0,"total":7,"left":0,"skipped":{"count":0,"first":[]}}',
    '{"v":1,"pool":"p","to":"p","within":"10.0.0.0/28","allocations":true,"state":"ended","startedAt":"2026-01-01T00:00:00.000Z","endedAt":"2026-01-01T00:01:00.000Z",' +
      '"position":"10.0.0.9","done":7,"total":7,"left":1,"skipped":{"count":1,"first":[{"what":"host:a.z","reason":"no ipv4 address is free"}]}}',
  ],
  resolverValue: ['{"v":1,"name":"office","address":"192.0.2.53","port":53,"kind":"bind"}'],
  forwarderValue: [
    '{"v":1,"zone":"corp","targets":[{"address":"192.0.2.53","port":53}],"strategy":"first-healthy","timeoutMilliseconds":2000,"allowFrom":["127.0.0.0/8"]}',
    '{"v":1,"zone":"corp","targets":[{"address":"192.0.2.53","port":853,"tlsName":"dns.corp"},{"address":"2001:db8::1","port":53}],"strategy":"fastest",' +
      '"timeoutMilliseconds":500,"allowFrom":["10.0.0.0/8"],"staleSeconds":86400,"tlsAuthorities":"-----BEGIN CERTIFICATE-----"}',
  ],
  flushValue: ['{"v":1,"zone":"corp","at":0}', '{"v":1,"zone":"corp","name":"www.corp","at":1767225600000}'],
  skydnsStateValue: [
    '{"v":1,"zone":"lab.test","settings":{"on":true,"generation":1,"defaultTtl":300},"phase":"following","done":2,"total":2,' +
      '"leftOut":{"count":0,"first":[]},"notServed":{"count":1,"first":[{"what":"/skydns/test/lab/a","reason":"the value is not JSON"}]}}',
    '{"v":1,"zone":"lab.test","settings":{"on":false,"generation":1,"defaultTtl":300},"phase":"clearing","position":"/skydns/test/lab/b","done":0,' +
      '"total":2,"leftOut":{"count":0,"first":[]},"notServed":{"count":0,"first":[]}}',
  ],
  activityValue: ['{"v":1,"token":"team-a","lastUsedAt":"2026-01-01T10:00:00.000Z"}'],
  idempotencyValue: ['{"v":1,"request":"00","result":{"name":"h.k8s"}}', '{"v":1,"request":"00","result":null}'],
  serialValue: ['{"v":1,"serial":4294967297}'],
  offsetValue: [
    '{"v":1,"offset":268435500}',
    `{"v":1,"offset":0,"restoring":{"sha256":"${'c'.repeat(64)}","written":127}}`,
  ],
  leaderValue: ['{"v":1,"replica":"one"}'],
  ledgerHomeValue: [
    '{"v":1,"kind":"sqlite","ledger":"5e2fb3a4-2b5c-4a44-9a5e-000000000000","replica":"one"}',
    '{"v":1,"kind":"postgresql","ledger":"5e2fb3a4-2b5c-4a44-9a5e-000000000000","lost":{"transactions":2,"from":"2026-01-01T00:00:00.000Z",' +
      '"until":"2026-01-01T00:00:01.000Z"}}',
  ],
  outboxValue: [
    '{"v":1,"at":"2026-01-01T00:00:00.000Z","replica":"one","decisions":[],"revision":7}',
    '{"v":1,"at":"2026-01-01T00:00:00.000Z","replica":"one","decisions":[{"actor":{"kind":"token","id":"admin","name":"admin","from":"192.0.2.1",' +
      '"requestId":"r","request":"POST /v1/pools"},"events":[{"resource":"pool","action":"changed","name":"p","before":{"drain":false},' +
      '"after":{"drain":true}}],"uses":[]}]}',
    '{"v":1,"at":"2026-01-01T00:00:00.000Z","replica":"one","decisions":[{"actor":{"kind":"system","id":"housekeeping","name":"housekeeping"},' +
      '"events":[{"resource":"allocation","action":"deleted","name":"10.0.0.1","before":{"sha256":"00"},"after":null,"digest":true}],' +
      '"uses":[{"space":"default","address":"10.0.0.1","action":"released","holder":"allocation:1","owner":"","pool":null}]}]}',
  ],
  memberValue: [
    '{"v":1,"replica":"one","dns":["192.0.2.1:53"]}',
    '{"v":1,"replica":"one","dns":[],"instance":"5e2fb3a4-2b5c-4a44-9a5e-000000000000"}',
  ],
};

test('every kind of value has samples', () => {
  assert.deepEqual(Object.keys(written).sort(), [...codecs.keys()].sort());
});

for (const [name, samples] of Object.entries(written)) {
  for (const [index, sample] of samples.entries()) {
    test(`${name} ${index + 1} of the first version is read with all its fields`, () => {
      const { v: _, ...content } = JSON.parse(sample);
      assert.partialDeepStrictEqual(codecs.get(name)?.decode(sample) as object, renamed(name, content));
    });
  }
}

/** Returns the content with the present names of its fields: `givenBy` was `pool` in the first version. */
function renamed(codec: string, content: Record<string, unknown>): object {
  const withGiver = ({ pool, ...rest }: Record<string, unknown>) => ({
    ...rest,
    ...(pool !== undefined && { givenBy: pool }),
  });
  if (codec === 'addressValue') return withGiver(content);
  if (codec !== 'hostValue') return content;
  return { ...content, addresses: (content.addresses as Record<string, unknown>[]).map(withGiver) };
}

test('a stored address says which pool gave it, by the name of the field in the first version or the present one', () => {
  const rest =
    '"address":"10.0.0.5","space":"default","state":"released","holders":[],"since":"2026-01-01T00:00:00.000Z"';
  const decode = (giver: string) => codecs.get('addressValue')?.decode(`{"v":1,${giver}${rest}}`) as object;
  assert.deepEqual(decode('"pool":"p",'), decode('"givenBy":"p",'));
  assert.deepEqual(decode('"pool":null,'), decode('"givenBy":null,'));
  assert.throws(() => decode(''), InvalidValue);
});

test('a long value of the outbox is compressed, and read again as it was', () => {
  const uses = Array.from({ length: 8000 }, (_, n) => ({
    space: 'default',
    address: '10.0.0.1',
    action: 'released' as const,
    holder: `allocation:${n}`,
    owner: 'é',
    pool: null,
  }));
  const actor = { kind: 'system' as const, id: 'housekeeping', name: 'housekeeping' };
  const entry = { at: '2026-01-01T00:00:00.000Z', replica: 'one', decisions: [{ actor, events: [], uses }] };
  const text = outboxValue.encode(entry);
  assert.ok(text.length < JSON.stringify(entry).length / 5);
  assert.deepEqual(outboxValue.decode(text), entry);
  assert.throws(() => outboxValue.decode(text.replace('"deflated":"', '"deflated":"x')), InvalidValue);
});
