// The answer to the client, and the answer that the cache keeps, for each behaviour of a server. Each row has a server
// of its own.

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  type Behaviour,
  evilAddress,
  good,
  goodAddress,
  isProbe,
  option,
  record,
  reply,
  soa,
  startBadUpstream,
  wireName,
} from '../../support/bad-upstream.ts';
import { until } from '../../support/until.ts';
import { assertAnswers, openForwarding } from './open-forwarding.ts';
import { socketKinds } from './socket-kinds.ts';

const servfail = 2;
const nxdomain = 3;
const unreachable = 22;
const networkError = 23;
const zone = 'bad.test';
const name = `www.${zone}`;

/**
 * The time for a question to a server that answers, in milliseconds. After a fifth of this time, the server would be
 * asked again. By then it has answered, even on a busy machine.
 */
const patience = 10_000;

interface Row {
  /** The behaviour of the server for a query. */
  readonly does: Behaviour;
  /** If set, probes get this behaviour too. Otherwise they get NXDOMAIN, which is an answer. */
  readonly probes?: true;
  readonly rcode?: number;
  readonly extendedError?: number;
  /** The answer section. Default: the good answer, or nothing if the rcode is not 0. */
  readonly answers?: readonly string[];
  readonly authorities?: number;
  readonly additionals?: number;
  /** The seconds for which the cache keeps the answer; 0: the answer is not kept. Absent: not checked. */
  readonly kept?: number;
  /** The maximum number of queries that the server gets. Default: 1. */
  readonly queries?: number;
}

const goodText = `${name} 60 A 192.0.2.1`;
const wellBehaved: Behaviour = (query) => [reply(query, { answers: [good()] })];
const cname = (target: string) => record(5, 60, wireName(target));
const alias = `${name} 60 CNAME www.outside.example`;

const rows: Readonly<Record<string, Row>> = {
  'a good answer': { does: wellBehaved, kept: 60 },
  silent: { does: () => [], probes: true, rcode: servfail, extendedError: unreachable, queries: 6, kept: 2 },
  'slow by 1.5 s': {
    does: (query) => [{ octets: reply(query, { answers: [good()] }), afterMilliseconds: 1_500 }],
    queries: 6,
  },
  SERVFAIL: { does: (query) => [reply(query, { rcode: 2 })], rcode: servfail, extendedError: unreachable, kept: 2 },
  'SERVFAIL with an extended error': {
    does: (query) => [reply(query, { rcode: 2, options: [option(15, Buffer.from([0, 9]))] })],
    rcode: servfail,
    extendedError: 9,
  },
  REFUSED: { does: (query) => [reply(query, { rcode: 5 })], rcode: servfail, extendedError: unreachable, kept: 2 },
  FORMERR: { does: (query) => [reply(query, { rcode: 1 })], rcode: servfail, queries: 2 },
  NOTIMP: { does: (query) => [reply(query, { rcode: 4 })], rcode: servfail, queries: 2 },
  'TC, TCP good': {
    does: (query) => [reply(query, query.isTcp ? { answers: [good()] } : { truncated: true })],
    queries: 2,
    kept: 60,
  },
  'TC, TCP closed': {
    does: (query) => (query.isTcp ? 'close' : [reply(query, { truncated: true })]),
    rcode: servfail,
    queries: 2,
  },
  'TC, TCP silent': {
    does: (query) => (query.isTcp ? [] : [reply(query, { truncated: true })]),
    rcode: servfail,
    extendedError: unreachable,
    queries: 12,
  },
  'a wrong id, then the right one': {
    does: (query) => {
      const wrong = reply(query, { answers: [record(1, 60, evilAddress)] });
      wrong[1] = wrong[1]! ^ 1;
      return [wrong, { octets: reply(query, { answers: [good()] }), afterMilliseconds: 100 }];
    },
  },
  'from a wrong port, then from the right one': {
    does: (query) => [
      { octets: reply(query, { answers: [record(1, 60, evilAddress)] }), fromAnotherPort: true },
      { octets: reply(query, { answers: [good()] }), afterMilliseconds: 100 },
    ],
  },
  'a wrong question, then the right one': {
    does: (query) => {
      const question = Buffer.concat([wireName(`evil.${zone}`), query.question.subarray(-4)]);
      return [
        reply(query, { question, answers: [record(1, 60, evilAddress)] }),
        { octets: reply(query, { answers: [good()] }), afterMilliseconds: 100 },
      ];
    },
  },
  'another type in the question, then the right one': {
    does: (query) => {
      const question = Buffer.concat([query.question.subarray(0, -4), Buffer.from([0, 28, 0, 1])]);
      return [reply(query, { question }), { octets: reply(query, { answers: [good()] }), afterMilliseconds: 100 }];
    },
  },
  'the query sent back, then the answer': {
    does: (query) => [query.octets, { octets: reply(query, { answers: [good()] }), afterMilliseconds: 100 }],
  },
  'an answer without a question, then the right one': {
    does: (query) => [
      reply(query, { question: Buffer.alloc(0), answers: [record(1, 60, evilAddress, name)] }),
      { octets: reply(query, { answers: [good()] }), afterMilliseconds: 100 },
    ],
  },
  garbage: {
    does: (query) => [Buffer.concat([query.octets.subarray(0, 2), Buffer.from([0x80]), Buffer.alloc(49, 0xff)])],
    rcode: servfail,
    queries: 6,
  },
  'two octets short': {
    does: (query) => [reply(query, { answers: [good()], withoutEdns: true }).subarray(0, -2)],
    rcode: servfail,
    queries: 6,
  },
  'the question in lower case, over TCP too': {
    does: (query) => [reply(query, { question: Buffer.from(query.question.map(lower)), answers: [good()] })],
    queries: 2,
    kept: 60,
  },
  'the question in lower case, without TCP': {
    does: (query) =>
      query.isTcp ? 'close' : [reply(query, { question: Buffer.from(query.question.map(lower)), answers: [good()] })],
    queries: 3,
    kept: 60,
  },
  'foreign authority and additional records': {
    does: (query) => [
      reply(query, {
        answers: [good()],
        authorities: [record(2, 600, wireName('ns.victim.example'), 'victim.example')],
        additionals: [record(1, 600, evilAddress, 'ns.victim.example'), record(1, 600, evilAddress, 'victim.example')],
      }),
    ],
    kept: 60,
  },
  'a foreign record in the answer': {
    does: (query) => [reply(query, { answers: [good(), record(1, 60, evilAddress, 'victim.example')] })],
    kept: 60,
  },
  'a record of another name in the zone in the answer': {
    does: (query) => [reply(query, { answers: [record(1, 60, evilAddress, `evil.${zone}`), good()] })],
    kept: 60,
  },
  'a DNAME above the zone, with the alias that follows from it': {
    does: (query) => [
      reply(query, { answers: [record(39, 60, wireName('outside.example'), 'test'), cname('www.outside.example')] }),
    ],
    answers: [alias],
    kept: 60,
  },
  'an alias to the outside, with an address': {
    does: (query) => [
      reply(query, { answers: [cname('www.outside.example'), record(1, 60, evilAddress, 'www.outside.example')] }),
    ],
    answers: [alias],
    kept: 60,
  },
  'an alias to the outside that is said not to exist': {
    does: (query) => [reply(query, { rcode: nxdomain, answers: [cname('www.outside.example')] })],
    answers: [alias],
    kept: 60,
  },
  'an alias to itself': {
    does: (query) => [reply(query, { answers: [cname(name)] })],
    rcode: servfail,
    extendedError: networkError,
  },
  'aliases in any order': {
    does: (query) => [
      reply(query, {
        answers: [
          record(1, 60, goodAddress, `c.${zone}`),
          record(5, 60, wireName(`c.${zone}`), `b.${zone}`),
          cname(`b.${zone}`),
        ],
      }),
    ],
    answers: [`c.${zone} 60 A 192.0.2.1`, `b.${zone} 60 CNAME c.${zone}`, `${name} 60 CNAME b.${zone}`],
  },
  'NXDOMAIN with SOA': {
    does: (query) => [reply(query, { rcode: nxdomain, authorities: [soa(zone)] })],
    rcode: nxdomain,
    authorities: 1,
    kept: 30,
  },
  'NODATA with SOA': {
    does: (query) => [reply(query, { authorities: [soa(zone)] })],
    answers: [],
    authorities: 1,
    kept: 30,
  },
  'NODATA with a SOA of a week': {
    does: (query) => [reply(query, { authorities: [soa(zone, 604_800, 604_800)] })],
    answers: [],
    authorities: 1,
    kept: 3_600,
  },
  'NXDOMAIN with the SOA of another zone': {
    does: (query) => [reply(query, { rcode: nxdomain, authorities: [soa('victim.example')] })],
    rcode: nxdomain,
    authorities: 0,
    kept: 0,
  },
  'NXDOMAIN without SOA': { does: (query) => [reply(query, { rcode: nxdomain })], rcode: nxdomain, kept: 0 },
  'NODATA without SOA': { does: (query) => [reply(query)], answers: [], kept: 0 },
  'NXDOMAIN with an answer': {
    does: (query) => [reply(query, { rcode: nxdomain, answers: [good()] })],
    rcode: servfail,
  },
  'a referral': {
    does: (query) => [
      reply(query, { authoritative: false, authorities: [record(2, 60, wireName('ns.example'), name)] }),
    ],
    rcode: servfail,
  },
  'TTL 0': { does: (query) => [reply(query, { answers: [good(0)] })], answers: [`${name} 0 A 192.0.2.1`], kept: 0 },
  'TTL 2^31 − 1': {
    does: (query) => [reply(query, { answers: [good(2 ** 31 - 1)] })],
    answers: [`${name} 86400 A 192.0.2.1`],
    kept: 86_400,
  },
  'TTL 2^32 − 1': {
    does: (query) => [reply(query, { answers: [good(2 ** 32 - 1)] })],
    answers: [`${name} 86400 A 192.0.2.1`],
    kept: 86_400,
  },
  'FORMERR to EDNS, without a question': {
    does: (query) => [
      query.hasEdns
        ? reply(query, { rcode: 1, question: Buffer.alloc(0), withoutEdns: true })
        : reply(query, { answers: [good()] }),
    ],
    queries: 2,
    kept: 60,
  },
  'drops EDNS': { does: (query) => (query.hasEdns ? [] : [reply(query, { answers: [good()] })]), queries: 3, kept: 60 },
  BADVERS: {
    does: (query) => [reply(query, query.hasEdns ? { rcode: 16 } : { answers: [good()] })],
    rcode: servfail,
    kept: 2,
  },
  'AD and AA set': {
    does: (query) => {
      const octets = reply(query, { answers: [good()] });
      octets[3] = octets[3]! | 0x20;
      return [octets];
    },
  },
};

function lower(octet: number): number {
  return octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet;
}

for (const { name: kind, open, skip } of socketKinds) {
  // With more tests at once, answers come so late on a busy machine that servers are asked again.
  suite(`one server, ${kind} sockets`, { concurrency: 8, skip }, () => {
    for (const [what, row] of Object.entries(rows)) {
      test(what, async (t) => {
        const server = await startBadUpstream(t, (query) =>
          isProbe(query) && row.probes !== true ? [reply(query, { rcode: nxdomain })] : row.does(query),
        );
        // In rows with more than three queries, the server is asked again. In the others it must answer before that.
        const timeoutMilliseconds = (row.queries ?? 1) > 3 ? 3_000 : patience;
        const { ask, cached } = openForwarding(t, [{ targets: [server.port], timeoutMilliseconds }], {
          openSocket: open(t),
        });
        const answer = await ask(name);
        const { rcode = 0, kept, answers = rcode === 0 ? [goodText] : [] } = row;
        assert.equal(answer.rcode, rcode);
        assertAnswers(answer.answers, answers);
        if (row.extendedError !== undefined) assert.equal(answer.extendedError, row.extendedError);
        if (rcode === 0) assert.equal(answer.extendedError, -1);
        assert.equal(answer.message.authorities.length, row.authorities ?? 0);
        assert.equal(answer.message.additionals.length, row.additionals ?? 0);
        const asked = server.queries.filter((query) => !isProbe(query)).length;
        assert.ok(asked <= (row.queries ?? 1), `${asked} queries`);
        if (kept === undefined) return;
        if (kept > 1) {
          assertAnswers(cached(name)?.answers ?? [], answers);
          assert.ok(cached(name, { later: kept - 2 }) !== undefined, `the answer is kept for less than ${kept} s`);
        }
        assert.equal(cached(name, { later: kept + 1 }), undefined, `the answer is kept for more than ${kept} s`);
        if (kept === 0) assert.equal(cached(name), undefined);
      });
    }

    test('a closed port is noticed at once, and the failure is kept for two seconds', async (t) => {
      const server = await startBadUpstream(t, wellBehaved);
      server.close();
      const { ask, cached } = openForwarding(t, [{ targets: [server.port], timeoutMilliseconds: patience }], {
        openSocket: open(t),
      });
      const answer = await ask(name);
      assert.deepEqual([answer.rcode, answer.extendedError], [servfail, networkError]);
      assert.equal(cached(name)?.rcode, servfail);
      assert.equal(cached(name, { later: 3 }), undefined);
    });

    test('an answer that comes too late is kept for the next client', async (t) => {
      const server = await startBadUpstream(t, (query) => [
        { octets: reply(query, { answers: [good()] }), afterMilliseconds: 600 },
      ]);
      const { ask, cached } = openForwarding(t, [{ targets: [server.port], timeoutMilliseconds: 200 }], {
        openSocket: open(t),
      });
      assert.equal((await ask(name)).rcode, servfail);
      await until(() => cached(name)?.rcode === 0, 'the late answer is not kept');
    });

    test('a server that refuses EDNS is asked without EDNS from then on', async (t) => {
      const server = await startBadUpstream(t, (query) => [
        reply(query, query.hasEdns ? { rcode: 1, withoutEdns: true } : { answers: [good()] }),
      ]);
      const { ask } = openForwarding(t, [{ targets: [server.port], timeoutMilliseconds: patience }], {
        openSocket: open(t),
      });
      await ask(`a.${zone}`);
      const before = server.queries.filter((query) => !isProbe(query)).length;
      assert.equal((await ask(`b.${zone}`)).rcode, 0);
      assert.deepEqual(
        server.queries
          .filter((query) => !isProbe(query))
          .slice(before)
          .map(({ hasEdns }) => hasEdns),
        [false],
      );
    });

    test('of 30 equal questions at once, one query is sent', async (t) => {
      const server = await startBadUpstream(t, (query) => [
        { octets: reply(query, { answers: [good()] }), afterMilliseconds: 100 },
      ]);
      const { ask } = openForwarding(t, [{ targets: [server.port], timeoutMilliseconds: patience }], {
        openSocket: open(t),
      });
      const answers = await Promise.all(Array.from({ length: 30 }, () => ask(name)));
      assert.ok(answers.every(({ rcode }) => rcode === 0));
      assert.equal(server.queries.filter((query) => !isProbe(query)).length, 1);
    });

    test('DO and CD go to the server, and make answers differ', async (t) => {
      const server = await startBadUpstream(t, wellBehaved);
      const { ask, cached } = openForwarding(t, [{ targets: [server.port], timeoutMilliseconds: patience }], {
        openSocket: open(t),
      });
      for (const flags of [0, 1, 2, 3]) {
        await ask(name, { flags });
        const { octets } = server.queries.filter((query) => !isProbe(query)).at(-1)!;
        const ednsFlags = octets.readUInt16BE(12 + name.length + 2 + 4 + 7);
        assert.equal(ednsFlags === 0x8000, (flags & 1) !== 0);
        assert.equal((octets[3]! & 0x10) !== 0, (flags & 2) !== 0);
        assert.equal((octets[2]! & 0x01) !== 0, true, 'RD is not set');
      }
      assert.equal(server.queries.filter((query) => !isProbe(query)).length, 4);
      assert.equal(cached(name, { flags: 3 })?.rcode, 0);
    });
  });

  suite(`two servers, ${kind} sockets`, { concurrency: true, skip }, () => {
    const firsts: Readonly<Record<string, Behaviour | 'closed'>> = {
      'the first closed': 'closed',
      'the first silent': () => [],
      'the first with SERVFAIL': (query) => [reply(query, { rcode: 2 })],
      'the first with REFUSED': (query) => [reply(query, { rcode: 5 })],
      'the first with FORMERR': (query) => [reply(query, { rcode: 1 })],
      'the first with TC and a closed TCP': (query) => (query.isTcp ? 'close' : [reply(query, { truncated: true })]),
      'the first with an alias loop': (query) => [reply(query, { answers: [cname(query.name)] })],
    };
    for (const [what, behaviour] of Object.entries(firsts)) {
      test(`${what}: the second server is asked`, async (t) => {
        const first = await startBadUpstream(t, behaviour === 'closed' ? () => [] : behaviour);
        if (behaviour === 'closed') first.close();
        const second = await startBadUpstream(t, wellBehaved);
        const { ask } = openForwarding(t, [{ targets: [first.port, second.port] }], { openSocket: open(t) });
        for (const label of ['a', 'b', 'c']) {
          const answer = await ask(`${label}.${zone}`);
          assert.deepEqual([answer.rcode, answer.answers.length], [0, 1]);
        }
      });
    }

    test('a server that fails is only probed, and is used again when it answers', async (t) => {
      const first = await startBadUpstream(t, () => []);
      const second = await startBadUpstream(t, wellBehaved);
      const { ask, forwarding } = openForwarding(t, [{ targets: [first.port, second.port] }], { openSocket: open(t) });
      const asked = () => first.queries.filter((query) => !isProbe(query)).length;
      const healthy = () => forwarding.state(zone as never)?.upstreams[0]?.healthy;
      for (let i = 0; i < 20 && healthy() !== false; i += 1) await ask(`f${i}.${zone}`);
      assert.equal(healthy(), false);
      const before = asked();
      for (let i = 0; i < 10; i += 1) await ask(`g${i}.${zone}`);
      assert.equal(asked(), before, 'questions went to the server that fails');
      first.behave(wellBehaved);
      await until(() => healthy() === true, 'the server is not used again');
      await ask(`h.${zone}`);
      assert.equal(asked(), before + 1);
    });
  });
}

suite('stale answers', { concurrency: true }, () => {
  test('are given when no server answers, with TTL 30 and an extended error, and then for 30 seconds without asking', async (t) => {
    const server = await startBadUpstream(t, (query) => [reply(query, { answers: [good(1)] })]);
    const { ask, cached } = openForwarding(t, [
      { targets: [server.port], staleSeconds: 600, timeoutMilliseconds: 500 },
    ]);
    assert.equal((await ask(name)).rcode, 0);
    await until(() => cached(name) === undefined, 'the answer does not expire');
    server.behave(() => []);
    const stale = await ask(name);
    assert.deepEqual(stale.answers, [`${name} 30 A 192.0.2.1`]);
    assert.equal(stale.extendedError, 3);
    assert.deepEqual(cached(name, { later: 20 })?.answers, [`${name} 30 A 192.0.2.1`]);
    assert.equal(cached(name, { later: 31 }), undefined);
  });

  test('are not given for longer than `staleSeconds`', async (t) => {
    const server = await startBadUpstream(t, (query) => [reply(query, { answers: [good(1)] })]);
    const { ask, cached } = openForwarding(t, [{ targets: [server.port], staleSeconds: 20, timeoutMilliseconds: 500 }]);
    await ask(name);
    await until(() => cached(name) === undefined, 'the answer does not expire');
    server.behave(() => []);
    assert.equal((await ask(name)).extendedError, 3);
    assert.equal(cached(name, { later: 21 }), undefined);
  });

  test('are not given if a server answers', async (t) => {
    const server = await startBadUpstream(t, (query) => [reply(query, { answers: [good(1)] })]);
    const { ask, cached } = openForwarding(t, [{ targets: [server.port], staleSeconds: 600 }]);
    await ask(name);
    await until(() => cached(name) === undefined, 'the answer does not expire');
    server.behave((query) => [reply(query, { answers: [record(1, 60, evilAddress)] })]);
    assertAnswers((await ask(name)).answers, [`${name} 60 A 192.0.2.66`]);
  });

  test('are not given without `staleSeconds`', async (t) => {
    const server = await startBadUpstream(t, (query) => [reply(query, { answers: [good(1)] })]);
    const { ask, cached } = openForwarding(t, [{ targets: [server.port], timeoutMilliseconds: 200 }]);
    await ask(name);
    await until(() => cached(name) === undefined, 'the answer does not expire');
    server.behave(() => []);
    assert.equal((await ask(name)).rcode, servfail);
  });
});
