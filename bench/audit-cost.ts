// Measures what the audit events cost a write: the CPU time of one POST /v1/hosts without and with them, in turn, on
// embedded stores. The client is a process of its own. Measures one request at a time, and several at once, which share
// transactions. Prints the medians of the rounds and of the differences in each round, and the octets of an event in
// the store.
//
// npm run bench:audit [requests in a round] [rounds]

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { outboxKind } from '../src/store/kinds/outbox.ts';
import { adminToken } from '../test/support/api-client.ts';
import { audit } from '../test/support/audit-trail.ts';
import { type ServedApi, servedApi } from '../test/support/served-api.ts';
import { type Cleanup, inScope } from '../test/support/temporary.ts';

const [requests = 200, rounds = 31] = process.argv.slice(2).map(Number);

if (process.send === undefined) await inScope(measure);
else process.on('message', ({ url, first, atOnce }: Round) => void send(url, first, atOnce));

interface Round {
  url: string;
  /** The number of the first host. */
  first: number;
  atOnce: number;
}

/** Creates the hosts of a round. Tells the parent when all are created. */
async function send(url: string, first: number, atOnce: number): Promise<void> {
  const left = Array.from({ length: requests }, (_, index) => first + index).values();
  const headers = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' };
  const work = async () => {
    for (const number of left) {
      const body = JSON.stringify({ name: `h${number}.foo.k8s`, owner: 'team-a', tags: { app: 'nginx' } });
      const answer = await fetch(`${url}/v1/hosts`, { method: 'POST', headers, body });
      if (answer.status !== 201) throw new Error(await answer.text());
      await answer.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  process.send?.('done');
}

async function measure(cleanup: Cleanup): Promise<void> {
  const client = fork(fileURLToPath(import.meta.url), process.argv.slice(2), { execArgv: process.execArgv });
  cleanup.after(() => client.kill());
  const served = { without: await servedApi(cleanup), with: await servedApi(cleanup, { audit }) };
  for (const { api } of Object.values(served)) {
    await api.ok(201, 'POST', '/v1/zones', { name: 'foo.k8s' });
    await api.ok(201, 'POST', '/v1/zones', { name: '10.in-addr.arpa' });
    await api.ok(201, 'POST', '/v1/pools', { name: 'default', ranges: ['10.0.0.0/12'] });
  }
  let first = 0;
  const cpuOf = async ({ url }: ServedApi, atOnce: number) => {
    const before = process.cpuUsage();
    client.send({ url, first, atOnce } satisfies Round);
    await once(client, 'message');
    const { user, system } = process.cpuUsage(before);
    return (user + system) / requests;
  };
  for (const atOnce of [1, 16]) {
    const found = { without: [] as number[], with: [] as number[] };
    // The first rounds compile the code.
    for (let round = -5; round < rounds; round += 1) {
      const order = round % 2 === 0 ? (['without', 'with'] as const) : (['with', 'without'] as const);
      for (const how of order) {
        const microseconds = await cpuOf(served[how], atOnce);
        if (round >= 0) found[how].push(microseconds);
      }
      first += requests;
    }
    const differences = found.with.map((microseconds, round) => microseconds - (found.without[round] ?? 0));
    const [without, withEvents, difference] = [found.without, found.with, differences].map(median) as number[];
    console.log(
      `${atOnce} at once: ${without?.toFixed(0)} µs without events, ${withEvents?.toFixed(0)} µs with them, difference ${difference?.toFixed(0)} µs`,
    );
  }
  const { entries } = await served.with.store.list(outboxKind.prefix, { limit: 1000 });
  const octets = entries.map(({ key, value }) => Buffer.byteLength(key + value));
  console.log(`an outbox key of one request and its value: ${median(octets)} octets`);
}

function median(numbers: number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
}
