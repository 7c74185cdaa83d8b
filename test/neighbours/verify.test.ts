// The verdict of `?verify=` about real resolvers. Each is in these states: it forwards to us, to an older copy of the
// zone, or to another zone of the same name; it does not forward; or it validates the names, because the exceptions
// from validation are missing.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { RendererName } from '../../src/forwarding/render/renderers.ts';
import type { Server } from '../support/dns-client.ts';
import { startNamedOn } from '../support/named.ts';
import { type Replica, startReplica } from '../support/replica.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';
import { startResolver, whyNotStarted } from './resolver-programs.ts';

interface Verification {
  verdict: string;
  detail: string;
}

type Text = (part?: string) => Promise<string>;

interface Told {
  /** Returns the configuration of a resolver that asks `internet` for all names, and does not validate. */
  alone: (internet: Server) => Text;
  /**
   * Returns the rendered configuration without the exceptions from validation. Undefined if the resolver never
   * validates forwarded names.
   */
  validating: ((rendered: Text, internet: Server) => Text) | undefined;
}

const nothing = async () => '';

const told: Partial<Record<RendererName, Told>> = {
  bind: {
    alone: (internet) => async (part) =>
      part === 'options' ? `validate-except { "."; }; forward only; forwarders { ${at(internet, ' port ')}; };` : '',
    validating: (rendered) => async (part) => (part === 'options' ? '' : rendered(part)),
  },
  unbound: {
    // Unbound itself answers NXDOMAIN for names in `test`, as RFC 6761 asks.
    alone: () => nothing,
    // Unbound asks `internet` instead of the root servers: without answers from those, its own answers come too late.
    validating: (rendered, internet) => async () =>
      `${(await rendered()).replaceAll(/^ *domain-insecure:.*$/gm, '')}forward-zone:\n name: "."\n forward-addr: ${at(internet, '@')}\n`,
  },
  dnsmasq: { alone: (internet) => async () => `server=${at(internet, '#')}\n`, validating: undefined },
  'knot-resolver-5': {
    alone: (internet) => async () => `policy.add(policy.all(policy.STUB('${at(internet, '@')}')))`,
    validating: (rendered) => async () => (await rendered()).replaceAll('policy.STUB', 'policy.FORWARD'),
  },
  'pdns-recursor-4': {
    alone: (internet) => async (part) =>
      part === 'settings' ? `forward-zones-recurse=.=${at(internet, ':')}\ndnssec=off\n` : '',
    validating: (rendered) => async (part) => (part === 'settings' ? `${await rendered(part)}\ndnssec=validate\n` : ''),
  },
};

function at({ address, port }: Server, between: string): string {
  return `${address}${between}${port}`;
}

test('the verdict about each resolver is right in each of its states', { timeout: 280_000 }, async (t) => {
  const folder = await temporaryFolder(t);
  const replica = await startReplica(t, join(folder, 'replica'), ['--replica', 'one', '--dns', '127.0.0.1:0']);
  await replica.expect(201, 'POST', '/v1/zones', { name: 'lab.test' });
  await until(async () => (await targetOf(replica)) !== undefined, 'the target does not answer');
  const target = (await targetOf(replica)) as Server;
  const file = join(folder, 'older.zone');
  await writeFile(file, await replica.expect<string>(200, 'GET', '/v1/zones/lab.test/zonefile'));
  const older = await startPrimary(t, join(folder, 'older'), 'lab.test', file);
  await replica.expect(200, 'PATCH', '/v1/zones/lab.test/rrsets', [{ name: 'new', type: 'A', records: ['192.0.2.1'] }]);
  const soa = (owner: string) =>
    `${owner} 60 IN SOA ns.other.test. h.other.test. 1 60 60 60 60\n${owner} 60 IN NS ns.other.test.\n`;
  const [otherFile, rootFile] = [join(folder, 'other.zone'), join(folder, 'root.zone')];
  await writeFile(otherFile, soa('lab.test.'));
  await writeFile(rootFile, `${soa('.')}ns.other.test. 60 IN A 127.0.0.1\n`);
  const other = await startPrimary(t, join(folder, 'other'), 'lab.test', otherFile);
  const internet = await startPrimary(t, join(folder, 'internet'), '.', rootFile);

  let started = 0;
  for (const [name, { alone, validating }] of Object.entries(told) as [RendererName, Told][]) {
    const rendered: Text = async (part) =>
      replica.expect<string>(200, 'GET', `/v1/zones/lab.test/forwarding/${name}${part ? `?part=${part}` : ''}`);
    const asking =
      (server: Server): Text =>
      async (part) =>
        (await rendered(part)).replaceAll(String(target.port), String(server.port));
    const states: [verdict: string, text: Text][] = [
      ['forwards', rendered],
      ['stale', asking(older)],
      ['elsewhere', asking(other)],
      ['not_forwarded', alone(internet)],
      ...(validating === undefined ? [] : [['validation_fails', validating(rendered, internet)] as [string, Text]]),
    ];
    for (const [verdict, text] of states) {
      await t.test(`${name}: ${verdict}`, async (part) => {
        const reason = whyNotStarted(name);
        if (reason !== undefined) return part.skip(reason);
        started += 1;
        const server = await startResolver(part, name, join(folder, `${name}-${verdict}`), text);
        await untilVerdict(replica, server, verdict);
      });
    }
  }
  assert.ok(started > 0 || process.env.CI !== 'true', 'no resolver could be started');
});

/** Starts BIND with one zone. It knows no other names. */
function startPrimary(test: TestContext, folder: string, zone: string, file: string): Promise<Server> {
  const config = `options {\n};\nzone "${zone}" { type primary; file "${file}"; };\n`;
  return startNamedOn(test, folder, config);
}

async function targetOf(replica: Replica): Promise<Server | undefined> {
  const { targets } = await replica.expect<{ targets: (Server & { healthy: boolean })[] }>(
    200,
    'GET',
    '/v1/zones/lab.test/forwarding',
  );
  return targets.find(({ healthy }) => healthy);
}

/** Asks until the verdict is as wanted: a resolver that has just started may not answer yet. */
async function untilVerdict(replica: Replica, { address, port }: Server, wanted: string): Promise<void> {
  const added = await replica.request('PUT', '/v1/resolvers/real', { address, port, kind: 'other' });
  assert.ok([200, 201].includes(added.status), JSON.stringify(added.body));
  // The token is a new one, because a token may verify only ten times in a short time.
  const body = { name: `verifier-${port}`, role: 'operator' };
  const { token } = await replica.expect<{ token: string }>(201, 'POST', '/v1/tokens', body);
  const path = '/v1/zones/lab.test/forwarding?verify=real';
  const told: string[] = [];
  for (let asked = 0; asked < 10; asked += 1) {
    const headers = { authorization: `Bearer ${token}` };
    const { body: answer } = await replica.request<{ verification?: Verification }>('GET', path, undefined, headers);
    if (answer.verification?.verdict === wanted) return;
    told.push(JSON.stringify(answer.verification ?? answer));
    await delay(1000);
  }
  assert.fail(`wanted ${wanted}, was told ${told.join('\n')}`);
}
