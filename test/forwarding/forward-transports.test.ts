// Questions for a forwarded zone over every transport and both kinds of UDP socket, from the zone's server and from the
// cache. The server here answers each query with the number of queries that it got.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { decode } from 'dns-packet';
import { ForwarderService } from '../../src/forwarder-service.ts';
import { parseAddress } from '../../src/model/address.ts';
import { type Forwarder, forwarderDefaults } from '../../src/model/forwarder.ts';
import { parseName } from '../../src/model/name.ts';
import type { Revision } from '../../src/model/revision.ts';
import { createTable } from '../../src/table/table.ts';
import { createTableWriter } from '../../src/table/writer.ts';
import { ForwarderView } from '../../src/views/forwarder-view.ts';
import { askOver, transports } from '../dns/handed-on/late-client.ts';
import { keepingLog, socketKinds } from '../dns/listen/running-server.ts';
import { runSecureServer } from '../dns/listen/secure-server.ts';
import { type Query, startBadUpstream } from '../support/bad-upstream.ts';
import { withoutOpenssl } from '../support/certificate.ts';
import { queryBytes } from '../support/dns-client.ts';
import type { Cleanup } from '../support/temporary.ts';

/** Returns the answer to a question for an A record: 192.0.2.9. */
function answerTo({ octets, question }: Query): Buffer {
  const header = Buffer.from('000084000001000100000000', 'hex');
  octets.copy(header, 0, 0, 2);
  return Buffer.concat([header, question, Buffer.from('c00c000100010000012c0004c0000209', 'hex')]);
}

async function runForwarding(t: Cleanup, socket: (typeof socketKinds)[number]) {
  const upstream = await startBadUpstream(t, (query) => [answerTo(query)]);
  const table = createTable({ bytes: 2 ** 22 });
  const forwarders = new ForwarderView(createTableWriter(table));
  const running = await runSecureServer(t, { table, socket });
  const service = new ForwarderService({
    part: running.server.forwarder,
    table,
    settings: {},
    forwarders,
    logger: keepingLog(),
  });
  t.after(async () => {
    await running.server.close();
    await service.close();
  });
  const corp: Forwarder = {
    zone: parseName('corp.test'),
    targets: [{ address: parseAddress('127.0.0.1'), port: upstream.port }],
    ...forwarderDefaults,
    allowFrom: [...forwarderDefaults.allowFrom],
  };
  forwarders.put(corp, 1 as Revision);
  return { running, upstream };
}

suite('transports', { skip: withoutOpenssl }, () => {
  for (const socket of socketKinds) {
    test(`each transport gets answers from the server and from the cache, with ${socket} sockets`, async (t) => {
      const { running, upstream } = await runForwarding(t, socket);
      for (const transport of transports) {
        const name = `${transport}.corp.test`;
        const asked = () => upstream.queries.filter((query) => query.name.toLowerCase() === name).length;
        for (const _ of ['from the server', 'from the cache']) {
          const query = Buffer.from(queryBytes({ name, type: 'A', recursionDesired: true, edns: {} }));
          const answer = decode(await askOver(t, running, transport, query));
          assert.partialDeepStrictEqual(answer, { rcode: 'NOERROR', flag_ra: true, flag_aa: false });
          assert.partialDeepStrictEqual(answer.answers, [{ name, type: 'A', data: '192.0.2.9' }]);
          assert.equal(asked(), 1);
        }
      }
    });
  }
});
