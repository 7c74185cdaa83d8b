// NOTIFY and real servers: the answers of BIND, NSD and Knot as the primary of a zone, compared with ours. BIND also
// sends NOTIFY to us.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { peerNames, skipWithoutPeers, startPeerOnFiles } from '../../differential/peers.ts';
import { wholeRcode } from '../../support/answers.ts';
import { exchange, type Server } from '../../support/dns-client.ts';
import { skipWithoutNamed, startNamedOn } from '../../support/named.ts';
import { type Cleanup, temporaryFolder } from '../../support/temporary.ts';
import { until } from '../../support/until.ts';
import { exampleTable } from '../listen/example-zone.ts';
import { counted, runServer, socketKinds } from '../listen/running-server.ts';
import { notifyBytes } from './late-client.ts';

const zoneFile = '$TTL 60\n@ SOA ns1 hostmaster 1 7200 600 1209600 300\n@ NS ns1\nns1 A 192.0.2.1\nhost A 192.0.2.1\n';
const rcodes: Readonly<Record<number, string>> = {
  0: 'NOERROR',
  1: 'FORMERR',
  3: 'NXDOMAIN',
  5: 'REFUSED',
  9: 'NOTAUTH',
};

/**
 * The questions of NOTIFY. `expected` has the rcode that each server answers to each of them (`ours`:
 * src/dns/respond/answer-notify.ts). No two servers agree.
 */
const questions = ['example SOA', 'elsewhere.test SOA', 'host.example SOA', 'example A', 'elsewhere.test A'];
const expected = {
  // BIND is the primary of its zone. It needs no NOTIFY for this zone, but answers NOERROR.
  bind: ['NOERROR', 'NOTAUTH', 'NOTAUTH', 'FORMERR', 'FORMERR'],
  nsd: ['REFUSED', 'NXDOMAIN', 'NXDOMAIN', 'REFUSED', 'NXDOMAIN'],
  // Knot has no access list that allows NOTIFY from this client.
  knot: ['NOTAUTH', 'NOTAUTH', 'NOTAUTH', 'NOTAUTH', 'NOTAUTH'],
  ours: ['REFUSED', 'NOTAUTH', 'NOTAUTH', 'FORMERR', 'FORMERR'],
};

async function answersOf(server: Server): Promise<string[]> {
  const answers = questions.map(async (question) => {
    const [name = '', type = ''] = question.split(' ');
    return rcodes[wholeRcode(await exchange(server, notifyBytes(name, type)))] ?? 'another';
  });
  return Promise.all(answers);
}

async function startBind(t: Cleanup, also: string): Promise<Server> {
  const folder = await temporaryFolder(t);
  const file = join(folder, 'example.zone');
  await writeFile(file, zoneFile);
  return startNamedOn(
    t,
    folder,
    `options { };\nzone "example" { type primary; file "${file}"; notify explicit; also-notify { ${also} }; };`,
  );
}

test('BIND sends us NOTIFY, and answers NOTIFY as `expected` says', { skip: skipWithoutNamed() }, async (t) => {
  const servers = await Promise.all(socketKinds.map((socket) => runServer(t, { socket, table: exampleTable().table })));
  const targets = servers.map(({ addresses }) => addresses[0]!);
  const bind = await startBind(t, targets.map(({ port }) => `127.0.0.1 port ${port};`).join(' '));
  for (const server of servers) {
    await until(() => counted(server, 'dns_handed_on_answered_total') === 1, 'BIND has sent no NOTIFY');
  }
  assert.deepEqual(await answersOf(bind), expected.bind);
  for (const target of targets) assert.deepEqual(await answersOf(target), expected.ours);
});

test('NSD and Knot answer NOTIFY as `expected` says', { skip: skipWithoutPeers() }, async (t) => {
  for (const name of peerNames) {
    const folder = await temporaryFolder(t);
    await writeFile(join(folder, 'example.zone'), zoneFile);
    const peer = await startPeerOnFiles(t, name, folder, [{ apex: 'example', file: 'example.zone' }]);
    assert.deepEqual(await answersOf(peer), expected[name], name);
  }
});
