// Imports a large zone file into a real replica, exports the zone, checks the export with named-checkzone if it is
// installed, and imports the export. That second import finds nothing to change. A client asks DNS and the API during
// the imports and the export. Prints times, progress and latencies. Run it with `npm run bench:import [RRsets]`; the
// default is a million.

import { execFileSync } from 'node:child_process';
import { createReadStream, createWriteStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { adminToken } from '../test/support/api-client.ts';
import { ask, type Server } from '../test/support/dns-client.ts';
import { findProgram } from '../test/support/peer-process.ts';
import { startReplica } from '../test/support/replica.ts';
import { type Cleanup, inScope, temporaryFolder } from '../test/support/temporary.ts';

const rrsets = Number(process.argv[2] ?? 1_000_000);
const zone = 'bench.example';
const checkzone = findProgram('named-checkzone');

await inScope(measure);

async function measure(cleanup: Cleanup): Promise<void> {
  const folder = await temporaryFolder(cleanup);
  const replica = await startReplica(cleanup, join(folder, 'replica'), []);
  const file = join(folder, 'zone');
  await pipeline(Readable.from(records()), createWriteStream(file));
  await replica.expect(201, 'POST', '/v1/zones', { name: zone });
  await replica.expect(201, 'PUT', `/v1/zones/${zone}/rrsets/steady/A`, { records: ['192.0.2.1'] });
  const memory = () => Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${replica.pid}/status`, 'utf8'))?.[1]) / 1024;
  const put = async (path: string, query = '') => {
    const answer = await fetch(`${replica.url}/v1/zones/${zone}/zonefile${query}`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${adminToken}`,
        'content-type': 'text/dns',
        accept: 'application/x-ndjson',
      },
      body: Readable.toWeb(createReadStream(path)) as ReadableStream,
      duplex: 'half',
    } as RequestInit);
    let [text, lines] = ['', 0];
    for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
      text += Buffer.from(chunk).toString();
      const whole = text.split('\n');
      text = whole.pop() ?? '';
      lines += whole.length;
      const last = whole.at(-1);
      if (last !== undefined) console.log(`  ${last.slice(0, 240)}`);
    }
    return lines;
  };

  await timed(`import of ${rrsets} RRsets`, replica, memory, () => put(file));
  const exported = join(folder, 'exported');
  await timed('export', replica, memory, async () => {
    const headers = { authorization: `Bearer ${adminToken}` };
    const answer = await fetch(`${replica.url}/v1/zones/${zone}/zonefile`, { headers });
    await pipeline(Readable.fromWeb(answer.body as never), createWriteStream(exported));
  });
  if (checkzone !== undefined) {
    console.log(execFileSync(checkzone, ['-i', 'local', zone, exported], { encoding: 'utf8' }).trim());
  }
  await timed('import of the export', replica, memory, () => put(exported));
  await delay(1000);
  console.log(`resident memory at the end: ${Math.round(memory())} MiB`);
}

/** Runs the work, and asks DNS and the API until it ends. Prints how long both took. */
async function timed(
  what: string,
  { url, dns }: { url: string; dns: Server },
  memory: () => number,
  work: () => Promise<unknown>,
): Promise<void> {
  let running = true;
  const waits = { dns: [0], api: [0] };
  let lost = 0;
  let maxMemory = 0;
  const askDns = async () => {
    for (; running; await delay(2)) {
      const start = performance.now();
      const answer = await ask({ server: dns, name: `steady.${zone}`, type: 'A', timeoutMilliseconds: 2000 }).catch(
        () => undefined,
      );
      if (answer?.answers?.length !== 1) lost += 1;
      waits.dns.push(performance.now() - start);
    }
  };
  const askApi = async () => {
    for (; running; await delay(20)) {
      const start = performance.now();
      const answer = await fetch(`${url}/v1/zones`, { headers: { authorization: `Bearer ${adminToken}` } });
      await answer.arrayBuffer();
      waits.api.push(performance.now() - start);
      maxMemory = Math.max(maxMemory, memory());
    }
  };
  const askers = [askDns(), askApi()];
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  running = false;
  await Promise.all(askers);
  const at = (values: number[], share: number) =>
    values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * share)]?.toFixed(1);
  const show = (values: number[]) => `p50 ${at(values, 0.5)} p99 ${at(values, 0.99)} max ${at(values, 1)} ms`;
  console.log(
    `${what}: ${seconds.toFixed(1)} s; DNS ${show(waits.dns)}, ${lost} lost; API ${show(waits.api)}; resident memory at most ${Math.round(maxMemory)} MiB`,
  );
}

function* records(): Generator<string> {
  yield `$ORIGIN ${zone}.\n$TTL 300\n@ IN SOA ns1 hostmaster 1 3600 600 1209600 30\n@ NS ns1\nns1 A 192.0.2.53\nsteady A 192.0.2.1\n`;
  for (let i = 0; i < rrsets; ) {
    let text = '';
    for (const end = Math.min(rrsets, i + 1000); i < end; i += 1) {
      const address = `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}`;
      if (i % 10 === 0) text += `host-${i - 1} TXT "number ${i}"\n`;
      else text += `host-${i} A ${address}\n`;
    }
    yield text;
  }
}
