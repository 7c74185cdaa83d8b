// The page that describes the API below /docs. It starts with the first request for it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pino } from 'pino';
import { createMetrics } from '../../src/http/metrics.ts';
import { createServer } from '../../src/http/server.ts';
import { embeddedStore, openReplica } from '../support/control-plane.ts';

for (const works of [true, false]) {
  test(`after a failure the next request ${works ? 'starts the page' : 'fails again'}, and the server can be closed`, async (t) => {
    const replica = await openReplica(t, await embeddedStore(t));
    const metrics = createMetrics({ views: replica.views, tableBytes: () => 0 });
    const services = { ...replica, metrics, waitingFor: () => [], adminToken: undefined };
    const server = await createServer(services, pino({ level: 'silent' }), '0.0.0-test');
    const url = await server.listen({ host: '127.0.0.1', port: 0 });
    const statusOf = async () => (await fetch(`${url}/docs/`)).status;
    const broken = t.mock.method(server, 'swagger', () => {
      throw new Error('broken');
    });
    assert.equal(await statusOf(), 500);
    if (works) broken.mock.restore();
    assert.equal(await statusOf(), works ? 200 : 500);
    await server.close();
  });
}
