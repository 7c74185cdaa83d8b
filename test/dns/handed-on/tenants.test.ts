// Tenants over real sockets: they send several messages or none, are late, or fail. Clients disconnect or do not read,
// and threads end.

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import type { HandedOnQuery, Tenant } from '../../../src/dns/handed-on/tenant.ts';
import type { DnsServer } from '../../../src/dns/listen/dns-server.ts';
import { optionsOf, wholeRcode } from '../../support/answers.ts';
import { withoutOpenssl } from '../../support/certificate.ts';
import { ask, exchange, queryBytes, TcpClient } from '../../support/dns-client.ts';
import { until } from '../../support/until.ts';
import { counted, keepingLog, loopback, socketKinds } from '../listen/running-server.ts';
import { forEachKind } from './for-each-kind.ts';
import {
  askHttps,
  askOver,
  notifyBytes,
  openHttps,
  openStream,
  replyTo,
  runWithTenant,
  transports,
} from './late-client.ts';

const SERVFAIL = 2;
const never: Tenant = () => new Promise(() => undefined);

/** Returns a gate: `opened` resolves when the test calls `open`. */
function gate(): { opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

/** Returns how many handed-on queries have ended, with or without an answer. */
function ended(server: DnsServer): number {
  const ends = ['answered', 'silent', 'failed', 'expired', 'gone'];
  return ends.reduce((sum, end) => sum + counted(server, `dns_handed_on_${end}_total`), 0);
}

/** Returns the number in a message of {@link replyTo}. */
const numberOf = (message: Buffer) => message.readUInt8(12);

suite('tenants', { skip: withoutOpenssl }, () => {
  test('several messages are sent over TCP and TLS in order, and later questions need not wait for them', async (t) => {
    const gates = [gate(), gate()];
    let asked = 0;
    const running = await runWithTenant(t, async function* ({ message }) {
      const { opened } = gates[asked++]!;
      yield replyTo(message, 0);
      await opened;
      for (let i = 1; i < 50; i += 1) yield replyTo(message, i, ...new Array(i * 1_000).fill(i));
    });
    for (const [i, transport] of (['tcp', 'tls'] as const).entries()) {
      const client = await openStream(t, running, transport);
      client.send(notifyBytes('example'));
      assert.equal(numberOf(await client.next()), 0);
      client.send(queryBytes({ name: 'host.example', type: 'A' }));
      assert.equal((await client.next()).readUInt16BE(6), 1);
      gates[i]!.open();
      for (let number = 1; number < 50; number += 1) {
        const message = await client.next();
        assert.deepEqual([numberOf(message), message.length], [number, 13 + number * 1_000]);
      }
    }
    await until(() => counted(running.server, 'dns_handed_on_answered_total') === 2, 'the tenants do not end');
  });

  test('UDP and HTTPS send only the first of several messages', async (t) => {
    let returned = 0;
    for (const socket of socketKinds) {
      const running = await runWithTenant(
        t,
        async function* ({ message }) {
          try {
            yield replyTo(message, 1);
            yield replyTo(message, 2);
          } finally {
            returned += 1;
          }
        },
        { socket },
      );
      for (const transport of ['udp', 'https'] as const) {
        assert.equal(numberOf(await askOver(t, running, transport, notifyBytes('example'))), 1);
      }
    }
    await until(() => returned === 4, 'the tenant was not told to stop');
  });

  test('a tenant gets the transport, address and port of the client', async (t) => {
    const seen: HandedOnQuery[] = [];
    const tenant: Tenant = (query) => {
      seen.push(query);
      return replyTo(query.message, 0);
    };
    for (const socket of socketKinds) {
      const running = await runWithTenant(t, tenant, { socket });
      for (const transport of transports) await askOver(t, running, transport, notifyBytes('example'));
    }
    for (const [i, { client, port, message }] of seen.entries()) {
      assert.equal(client.transport, transports[i % 4]);
      assert.deepEqual([...client.address.subarray(0, client.addressLength)], [127, 0, 0, 1]);
      assert.ok(port > 1_023);
      assert.equal(message[2], 4 << 3);
    }
    assert.equal(seen.length, 8);
  });

  test('no answer is sent for a tenant that stays silent, except 400 over HTTPS', async (t) => {
    const running = await runWithTenant(t, () => undefined);
    const reply = await askHttps(await openHttps(t, running), notifyBytes('example'));
    assert.equal(reply.status, 400);
    for (const tcp of [false, true]) {
      const options = { tcp, timeoutMilliseconds: 200 };
      await assert.rejects(exchange(running.server.addresses[0]!, notifyBytes('example'), options));
    }
    assert.equal(counted(running.server, 'dns_handed_on_silent_total'), 3);
  });

  test('an exception in a tenant gets SERVFAIL with an extended error, and is reported', async (t) => {
    const bugs: Record<string, Tenant> = {
      'at once': () => {
        throw new Error('a bug');
      },
      later: async () => {
        throw new Error('a bug');
      },
      'before a late answer': () => () => {
        throw new Error('a bug');
      },
      'in place of a late answer': () => (taker) => void setImmediate(() => taker.fail(new Error('a bug'))),
      'in the midst': async function* () {
        if (performance.now() > 0) throw new Error('a bug');
        yield new Uint8Array(0);
      },
      'too long for a frame': () => new Uint8Array(65_536),
    };
    for (const [when, tenant] of Object.entries(bugs)) {
      const logger = keepingLog();
      const running = await runWithTenant(t, tenant, { logger });
      for (const transport of when === 'too long for a frame' ? (['tcp', 'https'] as const) : transports) {
        const answer = await askOver(t, running, transport, notifyBytes('example'));
        assert.equal(wholeRcode(answer), SERVFAIL, `${when}, ${transport}`);
        assert.equal(optionsOf(answer).get(15), '0000');
      }
      const faults = logger.entries.filter(({ level }) => level === 'error');
      assert.equal(faults.length, 1, 'the exception was not reported exactly once in a second');
      assert.match(String(faults[0]?.fields.reason), /(a bug|octets at most).*\nquery: [0-9a-f]{4}2000/s);
    }
  });

  test('a tenant that fails after some messages ends them with SERVFAIL (RFC 5936 §2.2)', async (t) => {
    const running = await runWithTenant(t, async function* ({ message }) {
      yield replyTo(message, 1);
      throw new Error('a bug');
    });
    const client = await openStream(t, running, 'tcp');
    client.send(notifyBytes('example'));
    assert.equal(numberOf(await client.next()), 1);
    assert.equal(wholeRcode(await client.next()), SERVFAIL);
  });

  for (const socket of socketKinds) {
    test(`a tenant that never answers gets SERVFAIL at the deadline, and no connection is closed as idle before it (${socket})`, async (t) => {
      const running = await runWithTenant(t, never, {
        socket,
        limits: { idleMilliseconds: 300 },
        handedOn: { deadline: 1_500 },
      });
      const answers = await Promise.all(
        transports.map((transport) => askOver(t, running, transport, notifyBytes('example'))),
      );
      for (const answer of answers) {
        assert.equal(wholeRcode(answer), SERVFAIL);
        assert.equal(optionsOf(answer).get(15), '0000');
      }
      assert.equal(counted(running.server, 'dns_handed_on_expired_total'), 4);
    });

    test(`queries beyond the limit under way get SERVFAIL at once, and ordinary answers do not wait (${socket})`, async (t) => {
      const { opened, open } = gate();
      const tenant: Tenant = async ({ message }) => {
        await opened;
        return replyTo(message, 1);
      };
      const running = await runWithTenant(t, tenant, { socket, handedOn: { maxUnderWay: 2 } });
      const [address] = running.server.addresses;
      const first = [0, 1].flatMap(() => [
        exchange(address!, notifyBytes('example')),
        exchange(address!, notifyBytes('example'), { tcp: true }),
      ]);
      await until(() => counted(running.server, 'dns_handed_on_total') === 4, 'the queries were not handed on');
      for (const transport of transports) {
        const answer = await askOver(t, running, transport, notifyBytes('example'));
        assert.deepEqual([wholeRcode(answer), optionsOf(answer).get(15)], [SERVFAIL, '000e'], transport);
        await askOver(t, running, transport, queryBytes({ name: 'host.example', type: 'A' }));
      }
      assert.equal(counted(running.server, 'dns_handed_on_refused_total'), 4);
      open();
      for (const answer of await Promise.all(first)) assert.equal(numberOf(answer), 1);
      for (const transport of transports) {
        assert.equal(
          numberOf(await askOver(t, running, transport, notifyBytes('example'))),
          1,
          'there is no room for another query',
        );
      }
    });

    test(`late answers for a thread that died are dropped, and the new thread hands queries on (${socket})`, async (t) => {
      const workers: Worker[] = [];
      const keep = (worker: Worker) => workers.push(worker);
      process.on('worker', keep);
      t.after(() => process.off('worker', keep));
      let asked = 0;
      let { opened, open } = gate();
      const tenant: Tenant = async ({ message }) => {
        asked += 1;
        await opened;
        return replyTo(message, 1);
      };
      const running = await runWithTenant(t, tenant, { socket, handedOn: { maxUnderWay: 2 } });
      const [address] = running.server.addresses;
      for (const [name, tcp] of [
        ['dns-udp-0', false],
        ['dns-tcp', true],
      ] as const) {
        ({ opened, open } = gate());
        const before = asked;
        const options = { tcp, timeoutMilliseconds: 1_500 };
        const lost = Promise.allSettled([0, 1].map(() => exchange(address!, notifyBytes('example'), options)));
        await until(() => asked === before + 2, 'the queries were not handed on');
        const started = workers.length;
        const sent = () =>
          ['answered', 'send_failures'].map((what) => counted(running.server, `dns_udp_${what}_total`));
        const sentBefore = sent();
        await workers.findLast((worker) => worker.threadName === name)?.terminate();
        // The socket of the new thread may have the descriptor of the old socket. No late answer may leave there.
        await until(() => workers.length > started, 'the thread was not started again');
        open();
        assert.deepEqual(
          (await lost).map(({ status }) => status),
          ['rejected', 'rejected'],
        );
        assert.deepEqual(sent(), sentBefore, 'a late answer was sent, or sending it was tried');
        await until(async () => {
          const answer = await exchange(address!, notifyBytes('example'), options).catch(() => undefined);
          return answer !== undefined && numberOf(answer) === 1;
        }, 'the thread that was started again hands nothing on');
      }
    });

    test(`a server that is closed sends answers that come soon, and does not wait for the others (${socket})`, async (t) => {
      const running = await runWithTenant(
        t,
        async ({ message }) => {
          await delay(message.at(-1) === 0 ? 100 : 60_000, undefined, { ref: false });
          return replyTo(message, 1);
        },
        { socket },
      );
      const [address] = running.server.addresses;
      // The tenant is slow for a query whose last octet is not 0. The last octet of `hanging` is the 1 of an EDNS
      // option.
      const option = Buffer.from([0xfd, 0xe9, 0, 1, 1]);
      const hanging = notifyBytes('example');
      hanging.writeUInt16BE(option.length, hanging.length - 2);
      const soon = [false, true].map((tcp) => exchange(address!, notifyBytes('example'), { tcp }));
      const late = [false, true].map((tcp) =>
        exchange(address!, Buffer.concat([hanging, option]), { tcp, timeoutMilliseconds: 1_500 }),
      );
      const lost = Promise.allSettled(late);
      await until(() => counted(running.server, 'dns_handed_on_total') === 4, 'the queries were not handed on');
      const started = performance.now();
      await running.server.close();
      assert.ok(performance.now() - started < 3_000, 'closing takes too long');
      for (const answer of await Promise.all(soon)) assert.equal(numberOf(answer), 1);
      assert.deepEqual(
        (await lost).map(({ status }) => status),
        ['rejected', 'rejected'],
      );
    });
  }

  test('an answer that is made after its batched thread has ended is still sent', async (t) => {
    const { opened, open } = gate();
    const workers: Worker[] = [];
    const keep = (worker: Worker) => workers.push(worker);
    process.on('worker', keep);
    t.after(() => process.off('worker', keep));
    const tenant: Tenant = async ({ message }) => {
      await opened;
      return replyTo(message, 1);
    };
    const running = await runWithTenant(t, tenant, { socket: 'batched' });
    workers.find(({ threadName }) => threadName === 'dns-udp-0')?.once('exit', open);
    const answer = exchange(running.server.addresses[0]!, notifyBytes('example'));
    await until(() => counted(running.server, 'dns_handed_on_total') === 1, 'the query was not handed on');
    await running.server.close();
    assert.equal(numberOf(await answer), 1);
  });

  test('if a client disconnects, its tenant stops, and there is room for other queries', async (t) => {
    let returned = 0;
    const running = await runWithTenant(
      t,
      async function* ({ message }) {
        try {
          for (;;) {
            yield replyTo(message, ...new Array(1_000).fill(0));
            await delay(1);
          }
        } finally {
          returned += 1;
        }
      },
      { handedOn: { maxUnderWay: 1 } },
    );
    for (const transport of ['tcp', 'tls', 'tcp'] as const) {
      const client = await openStream(t, running, transport);
      client.send(notifyBytes('example'));
      await client.next();
      client.destroy();
      await until(
        () => ended(running.server) === counted(running.server, 'dns_handed_on_total'),
        'a query does not end',
      );
    }
    assert.equal(returned, 3);
    assert.equal(counted(running.server, 'dns_handed_on_gone_total'), 3);
  });

  test('if a client does not read, its tenant waits, and the connection is closed as idle', async (t) => {
    let made = 0;
    const running = await runWithTenant(
      t,
      async function* ({ message }) {
        const reply = replyTo(message, ...new Array(60_000).fill(0));
        for (;;) {
          made += 1;
          yield reply;
        }
      },
      // A late answer alone does not keep the connection open.
      { limits: { idleMilliseconds: 500 }, handedOn: { deadline: 60_000 } },
    );
    for (const transport of ['tcp', 'tls'] as const) {
      const before = made;
      const client = await openStream(t, running, transport);
      client.socket.pause();
      client.send(notifyBytes('example'));
      await until(() => counted(running.server, 'dns_tcp_idle_closed_total') > 0, 'it is not closed');
      await until(
        () => ended(running.server) === counted(running.server, 'dns_handed_on_total'),
        'a query does not end',
      );
      assert.ok(made - before < 200, `${made - before} messages of 60 kB were made for a client that does not read`);
      client.destroy();
    }
  });

  test('a client gets all messages of a slow tenant, also after more than the idle time of a connection', async (t) => {
    const messages = 60;
    const running = await runWithTenant(
      t,
      async function* ({ message }) {
        for (let i = 0; i < messages; i += 1) {
          await delay(20);
          yield replyTo(message, i);
        }
      },
      { limits: { idleMilliseconds: 200 } },
    );
    const client = await openStream(t, running, 'tcp');
    client.send(notifyBytes('example'));
    for (let i = 0; i < messages; i += 1) assert.equal(numberOf(await client.next()), i);
  });

  test('no answer is lost for a client that asks thousands of times, and nothing stays under way', async (t) => {
    for (const socket of socketKinds) {
      const handedOn = { maxPerSecond: forEachKind(1e9) };
      const running = await runWithTenant(t, undefined, { socket, handedOn });
      const { address, port } = running.server.addresses[0]!;
      const client = createSocket('udp4');
      t.after(() => client.close());
      const total = 20_000;
      let sent = 0;
      let answered = 0;
      const send = () => {
        const query = notifyBytes('example');
        sent += 1;
        client.send(query, port, address);
      };
      const { promise, resolve } = Promise.withResolvers<void>();
      client.on('message', () => {
        answered += 1;
        if (sent < total) send();
        if (answered === total) resolve();
      });
      for (let i = 0; i < 100; i += 1) send();
      await Promise.race([promise, delay(60_000, undefined, { ref: false })]);
      assert.equal(answered, total);
      assert.equal(counted(running.server, 'dns_handed_on_answered_total'), total);
      assert.equal(counted(running.server, 'dns_handed_on_refused_total'), 0);
    }
  });

  test('answers on a connection are sent in the order in which the tenant makes them', async (t) => {
    const gates = new Map<number, ReturnType<typeof gate>>();
    const running = await runWithTenant(t, async ({ message }) => {
      const waiting = gate();
      gates.set(message[1]!, waiting);
      await waiting.opened;
      return replyTo(message, message[1]!);
    });
    const client = await TcpClient.open(running.server.addresses[0]!, t);
    const queries = Array.from({ length: 5 }, () => notifyBytes('example'));
    client.send(...queries);
    await until(() => gates.size === 5, 'the queries were not handed on');
    for (const query of queries.reverse()) {
      gates.get(query[1]!)?.open();
      assert.equal(numberOf(await client.next()), query[1]);
    }
    await ask({ server: { ...loopback, port: running.server.addresses[0]!.port }, name: 'host.example', type: 'A' });
  });
});
