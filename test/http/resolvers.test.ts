// /v1/resolvers, and `?verify=`, which checks whether a resolver of the company forwards a zone. Small servers imitate
// the possible behaviours of resolvers. test/neighbours/verify.test.ts verifies real ones.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { before, test } from 'node:test';
import { createUDPServer, Packet } from 'dns2';
import type { Api } from '../support/api-client.ts';
import { freePort } from '../support/free-port.ts';
import { type StartedApp, startedApp } from '../support/started-app.ts';
import { suiteCleanup } from '../support/suite-cleanup.ts';
import type { Cleanup } from '../support/temporary.ts';
import { tokenFor } from '../support/tokens.ts';

const suite = suiteCleanup();
let app: StartedApp;
let api: Api;

before(async () => {
  app = await startedApp(suite);
  api = app.api;
  await api.ok(201, 'POST', '/v1/zones', { name: 'one.test' });
});
test('a resolver is added, changed, listed and deleted', async () => {
  const body = { address: '2001:DB8::53', kind: 'unbound' };
  const added = await api.send('PUT', '/v1/resolvers/office', body);
  assert.equal(added.status, 201);
  assert.equal(added.headers.location, '/v1/resolvers/office');
  const office = { name: 'office', address: '2001:db8::53', port: 53, kind: 'unbound' };
  assert.deepEqual(added.body, office);
  assert.deepEqual(await api.ok(200, 'GET', '/v1/resolvers/office'), office);
  // A PUT of the body that GET returns changes nothing.
  const again = await api.send('PUT', '/v1/resolvers/office', office);
  assert.deepEqual([again.status, again.headers.etag], [200, added.headers.etag]);
  const changed = await api.send(
    'PUT',
    '/v1/resolvers/office',
    { ...office, port: 5353 },
    { 'if-match': added.headers.etag ?? '' },
  );
  assert.deepEqual([changed.status, changed.body.port], [200, 5353]);
  const lost = await api.send('DELETE', '/v1/resolvers/office', undefined, { 'if-match': added.headers.etag ?? '' });
  assert.equal(lost.status, 412);
  const onlyNew = await api.send('PUT', '/v1/resolvers/office', body, { 'if-none-match': '*' });
  assert.equal(onlyNew.status, 412);
  await api.ok(201, 'PUT', '/v1/resolvers/branch', body);
  const { items } = await api.ok<{ items: { name: string }[] }>(200, 'GET', '/v1/resolvers');
  assert.deepEqual(
    items.map(({ name }) => name),
    ['branch', 'office'],
  );
  for (const name of ['office', 'branch']) await api.ok(204, 'DELETE', `/v1/resolvers/${name}`);
  await api.refused('not_found', 'GET', '/v1/resolvers/office');
  await api.refused('not_found', 'DELETE', '/v1/resolvers/office');
});

test('all faults of a resolver are told', async () => {
  await api.refused('invalid_request', 'PUT', '/v1/resolvers/x', { address: 'one', port: 0, kind: 'nope', x: 1 }, [
    ...['/address', '/kind', '/port', '/x'],
  ]);
  await api.refused('invalid_request', 'PUT', '/v1/resolvers/x', { address: '192.0.2.1' }, ['/kind']);
  for (const address of ['192.0.2.1:53', '[2001:db8::53]:53']) {
    const body = { address, kind: 'unbound' };
    const { errors } = await api.refused('invalid_request', 'PUT', '/v1/resolvers/x', body, ['/address']);
    assert.match(errors?.[0]?.message ?? '', /has a port: write it into the field 'port'/);
  }
});

interface Soa {
  owner: string;
  primary: string;
  serial: number;
}
interface Behaviour {
  rcode?: number;
  isTruncated?: boolean;
  /** The rcode for queries with the bit CD, in place of `rcode`. */
  rcodeWithoutValidation?: number;
  /** The SOA in the answer to the question for the SOA of the zone. */
  cached?: Soa;
  /** The SOA in the answer to the question for a random name. */
  fresh?: Soa;
}

/** Starts a server with this behaviour, and adds it as a resolver. Returns the result of the verification. */
async function verified(t: Cleanup, behaviour: Behaviour) {
  const server = createUDPServer((request, send) => {
    const [question] = request.questions;
    const response = Packet.createResponseFromRequest(request);
    const isUnvalidated = (request.header as { cd?: number }).cd === 1;
    const { rcode = 0, rcodeWithoutValidation = rcode, cached, fresh } = behaviour;
    response.header.rcode = isUnvalidated ? rcodeWithoutValidation : rcode;
    if (behaviour.isTruncated === true) {
      response.header.tc = 1;
      send(response);
      return;
    }
    const isSoa = question?.name === 'one.test';
    if (!isSoa && rcode === 0) response.header.rcode = 3;
    const soa = isSoa ? cached : fresh;
    if (soa !== undefined) {
      const times = { refresh: 1, retry: 1, expiration: 1, minimum: 1 };
      const { owner: name, primary, serial } = soa;
      const record = {
        name,
        type: Packet.TYPE.SOA,
        class: Packet.CLASS.IN,
        ttl: 60,
        primary,
        admin: name,
        serial,
        ...times,
      };
      (isSoa ? response.answers : response.authorities).push(record as (typeof response.answers)[number]);
    }
    send(response);
  });
  await server.listen(0, '127.0.0.1');
  t.after(() => server.close());
  return verifiedAt(server.address().port);
}

async function verifiedAt(port: number) {
  const { token } = await tokenFor(app, `v-${randomUUID()}`, { role: 'operator', zones: ['one.test'] });
  await api.send('PUT', '/v1/resolvers/asked', { address: '127.0.0.1', port, kind: 'other' });
  const response = await fetch(`${app.url}/v1/zones/one.test/forwarding?verify=asked`, {
    headers: { authorization: `Bearer ${token}` },
  });
  assert.equal(response.status, 200);
  const { verification } = (await response.json()) as {
    verification: { resolver: string; verdict: string; detail: string };
  };
  assert.equal(verification.resolver, 'asked');
  return verification;
}

/** Returns the SOA of the zone one.test at the replica. */
async function ours(): Promise<Soa> {
  const { serial } = await api.ok<{ serial: number }>(200, 'GET', '/v1/zones/one.test');
  const { items } = await api.ok<{ items: { records: string[] }[] }>(200, 'GET', '/v1/zones/one.test/rrsets?type=SOA');
  return { owner: 'one.test', primary: items[0]?.records[0]?.split('. ')[0] ?? '', serial };
}

test('a server that answers as the replica does: forwards', async () => {
  const { items } = await api.ok<{ items: { dns: string[] }[] }>(200, 'GET', '/v1/members');
  const { verdict, detail } = await verifiedAt(Number(items[0]?.dns[0]?.split(':')[1]));
  assert.equal(verdict, 'forwards', detail);
});

for (const [type, record] of [
  ['TXT', '"any"'],
  ['CNAME', 'www.two.test.'],
] as const) {
  test(`a resolver that forwards a zone with a wildcard of the type ${type}: forwards`, async () => {
    const path = `/v1/zones/one.test/rrsets/*/${type}`;
    await api.ok(201, 'PUT', path, { records: [record] });
    const { items } = await api.ok<{ items: { dns: string[] }[] }>(200, 'GET', '/v1/members');
    const { verdict, detail } = await verifiedAt(Number(items[0]?.dns[0]?.split(':')[1]));
    await api.send('DELETE', path);
    assert.equal(verdict, 'forwards', detail);
  });
}

const root: Soa = { owner: '', primary: 'a.root-servers.net', serial: 2026112900 };
const behaviours: [what: string, verdict: string, behaviour: (here: Soa) => Behaviour, detail: RegExp][] = [
  ['forwards here', 'forwards', (here) => ({ cached: here, fresh: here }), /serial \d+$/],
  [
    'has an old answer in its cache',
    'stale',
    (here) => ({ cached: { ...here, serial: here.serial - 2 }, fresh: here }),
    /cache.*for 60 s/,
  ],
  [
    'asks an old copy',
    'stale',
    (here) => ({ cached: { ...here, serial: here.serial - 2 }, fresh: { ...here, serial: here.serial - 2 } }),
    /behind/,
  ],
  [
    'forwards to another server',
    'elsewhere',
    (here) => ({
      cached: { ...here, primary: 'ns.other', serial: 7 },
      fresh: { ...here, primary: 'ns.other', serial: 7 },
    }),
    /ns\.other, serial 7/,
  ],
  ['asks the Internet', 'not_forwarded', () => ({ fresh: root }), /as the zone '\.' says/],
  ['answers by itself', 'not_forwarded', () => ({}), /there are none$/],
  [
    'does not forward any more',
    'not_forwarded',
    (here) => ({ cached: here, fresh: root }),
    /still has its SOA in its cache/,
  ],
  [
    'validates',
    'validation_fails',
    (here) => ({ rcode: 2, rcodeWithoutValidation: 3, fresh: here }),
    /except the zone/,
  ],
  [
    'does not forward, and whose validation fails',
    'not_forwarded',
    () => ({ rcode: 2, rcodeWithoutValidation: 3, fresh: root }),
    /as the zone '\.' says/,
  ],
  ['reaches no target', 'fails', () => ({ rcode: 2 }), /SERVFAIL/],
  ['does not take our queries', 'fails', () => ({ rcode: 4 }), /the error 4/],
  ['cuts its answers', 'fails', () => ({ isTruncated: true }), /cuts its answers/],
  ['refuses us', 'refuses', () => ({ rcode: 5 }), /allow its address/],
];
for (const [what, verdict, behaviour, detail] of behaviours) {
  test(`a resolver that ${what}: ${verdict}`, async (t) => {
    const seen = await verified(t, behaviour(await ours()));
    assert.equal(seen.verdict, verdict, seen.detail);
    assert.match(seen.detail, detail);
  });
}

test('a resolver that does not answer: silent', async () => {
  assert.equal((await verifiedAt(await freePort())).verdict, 'silent');
});

test('only an operator may verify, only zones in scope, and only resolvers that an admin has added', async () => {
  await api.send('PUT', '/v1/resolvers/asked', { address: '127.0.0.1', port: await freePort(), kind: 'other' });
  const path = '/v1/zones/one.test/forwarding?verify=asked';
  const { api: viewer } = await tokenFor(app, 'a-viewer', { role: 'viewer' });
  const problem = await viewer.refused('forbidden', 'GET', path);
  assert.deepEqual([problem.missing, problem.role], ['role', 'operator']);
  const { api: elsewhere } = await tokenFor(app, 'elsewhere', { role: 'operator', zones: ['two.test'] });
  await elsewhere.refused('forbidden', 'GET', path);
  const { api: operator } = await tokenFor(app, 'an-operator', { role: 'operator' });
  await operator.refused('forbidden', 'PUT', '/v1/resolvers/mine', { address: '192.0.2.1', kind: 'bind' });
  await operator.refused('not_found', 'GET', '/v1/zones/one.test/forwarding?verify=gone', undefined, ['?verify']);
  await operator.refused('invalid_request', 'GET', '/v1/zones/one.test/forwarding?verify=192.0.2.1', undefined, [
    '?verify',
  ]);
});

test('a verification of a zone whose name cannot be asked for is refused', async () => {
  await api.ok(201, 'POST', '/v1/zones', { name: 'a\\.b.test' });
  await api.send('PUT', '/v1/resolvers/asked', { address: '127.0.0.1', port: await freePort(), kind: 'other' });
  await api.refused('invalid_request', 'GET', '/v1/zones/a%5C.b.test/forwarding?verify=asked', undefined, ['?verify']);
  await api.ok(204, 'DELETE', '/v1/zones/a%5C.b.test');
});

test('a token that verifies too often gets 429 with Retry-After', async () => {
  await api.send('PUT', '/v1/resolvers/asked', { address: '127.0.0.1', port: await freePort(), kind: 'other' });
  const { api: busy } = await tokenFor(app, 'busy', { role: 'operator' });
  const answers = await Promise.all(
    Array.from({ length: 30 }, () => busy.send('GET', '/v1/zones/one.test/forwarding?verify=asked')),
  );
  const refused = answers.filter(({ status }) => status === 429);
  assert.ok(refused.length > 0 && refused.length <= 20, `${refused.length} requests are refused`);
  for (const { headers } of refused) assert.match(headers['retry-after'] ?? '', /^[1-9]\d*$/);
});
