// A server that no question is sent to is probed from time to time.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openNodeSocket } from '../../../src/dns/ask/server-socket.ts';
import { ForwarderRuntime } from '../../../src/forwarding/forwarders/forwarder-runtime.ts';
import { Probes } from '../../../src/forwarding/forwarders/probes.ts';
import { parseAddress } from '../../../src/model/address.ts';
import { forwarderDefaults } from '../../../src/model/forwarder.ts';
import { parseName } from '../../../src/model/name.ts';
import { reply, startBadUpstream } from '../../support/bad-upstream.ts';
import { until } from '../../support/until.ts';
import { quiet } from './open-forwarding.ts';

/** Milliseconds after which a server that nobody asks is probed, and a little more. */
const idle = 31_000;

function forwarderTo(address: string, port: number, logger = quiet): ForwarderRuntime {
  const targets = [{ address: parseAddress(address), port }];
  const allowFrom = [...forwarderDefaults.allowFrom];
  const forwarder = { ...forwarderDefaults, allowFrom, zone: parseName('idle.test'), targets };
  return new ForwarderRuntime({ id: 1, forwarder }, openNodeSocket, logger, () => undefined);
}

test('a server that nobody asks counts as failing after two failed probes, and its state says why', async (t) => {
  const server = await startBadUpstream(t, (query) => [reply(query, { rcode: 3 })]);
  const runtime = forwarderTo('127.0.0.1', server.port);
  t.after(() => runtime.close());
  const [upstream] = runtime.upstreams;
  const probes = new Probes(() => undefined);
  const probe = async (now: number) => {
    const before = upstream?.unansweredProbes;
    probes.tick([runtime], now);
    await until(() => upstream?.unansweredProbes !== before, 'the probe has not ended');
  };
  probes.tick([runtime], performance.now());
  await until(() => upstream?.isHealthy === true, 'the first probe has no answer');
  assert.equal(upstream?.failure, undefined);
  server.close();
  await probe(performance.now() + idle);
  // One probe may get lost.
  assert.equal(upstream?.isHealthy, true);
  await probe(performance.now() + idle);
  assert.equal(upstream?.isHealthy, false);
  assert.equal(upstream?.failure, 'its port is closed');
});

test('a server to which no way leads says so, and is not called silent', async (t) => {
  // Without its interface, a link-local address cannot be asked.
  const runtime = forwarderTo('fe80::1', 53);
  t.after(() => runtime.close());
  const [upstream] = runtime.upstreams;
  new Probes(() => undefined).tick([runtime], performance.now());
  await until(() => upstream?.isHealthy === false, 'the probe has not ended');
  assert.match(upstream?.failure ?? '', /^the connection failed: E[A-Z]+$/);
});

test('a server that refuses the probe says so, and the log says when it no longer does', async (t) => {
  let code = 5;
  const server = await startBadUpstream(t, (query) => [reply(query, { rcode: code })]);
  const lines: string[] = [];
  const note = (_: unknown, text = '') => void lines.push(text);
  const runtime = forwarderTo('127.0.0.1', server.port, { ...quiet, warn: note, info: note });
  t.after(() => runtime.close());
  const [upstream] = runtime.upstreams;
  assert.ok(upstream !== undefined);
  const probes = new Probes(() => undefined);
  const failure = () => upstream.status().failure;
  probes.tick([runtime], performance.now());
  await until(() => upstream.isHealthy === true, 'the probe has no answer');
  assert.equal(failure(), 'the server answers REFUSED');
  code = 3;
  probes.tick([runtime], performance.now() + idle);
  await until(() => failure() === undefined, 'the probe is refused');
  // Some servers answer questions, but not the probe.
  upstream.usability.succeeded(performance.now());
  upstream.usability.noteProbe(5, performance.now());
  assert.equal(failure(), undefined);
  assert.equal(lines.length, 1);
  upstream.usability.succeeded(performance.now() + 60_000);
  upstream.usability.succeeded(performance.now() + 60_000);
  assert.deepEqual(
    lines.map((line) => /can(not)? be used/.exec(line)?.[0]),
    ['cannot be used', 'can be used'],
  );
});
