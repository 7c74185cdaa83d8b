// Compares Zonewright with other DNS servers: CPU time of one answer, and resident memory. The servers are measured in
// turns, so that other work of the machine affects all of them. Zonewright with two answering threads: threads.ts.
//
// npm run bench:answer [number of names…]
//
// For each number, all servers are compared with a zone of so many names. The default is 1,000 and 1,000,000.

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ask } from '../../test/support/dns-client.ts';
import { type Cleanup, inScope, temporaryFolder } from '../../test/support/temporary.ts';
import { type Contender, contenders, LeftOut } from './contenders.ts';
import { type Cost, measure, residentMegabytes } from './measure.ts';
import { hostLabel, kinds, type QuestionKind, writeQuestions, writeZoneFile, zoneName } from './zone.ts';

const rounds = 3;
const seconds = 4;
/**
 * One column of the result: a kind of question, and the number of client ports. With one port, the client is like a
 * forwarder with one socket; with 100, like a resolver that uses a new port for each question.
 */
interface Column {
  title: string;
  kind: QuestionKind;
  ports: number;
}
const columns: readonly Column[] = [
  ...kinds.map((kind) => ({ title: kind, kind, ports: 1 })),
  { title: 'existing, 100 ports', kind: 'existing', ports: 100 },
];
type Costs = Map<Contender, Record<string, Cost[]>>;

const sizes = process.argv.slice(2).map(Number);

for (const names of sizes.length > 0 ? sizes : [1_000, 1_000_000]) {
  await inScope((cleanup) => compare(names, cleanup));
}

async function compare(names: number, cleanup: Cleanup): Promise<void> {
  const folder = join(await temporaryFolder(cleanup), String(names));
  await mkdir(folder);
  const bench = { cleanup, folder, names, zoneFile: await writeZoneFile(folder, names) };
  const questions = await writeQuestions(folder, names);
  const running: Contender[] = [];
  for (const start of contenders) {
    const contender = await start(bench).catch(whyLeftOut);
    if (contender === undefined) continue;
    await untilAnswers(contender, names);
    console.log(`${contender.name} serves ${names} names`);
    running.push(contender);
  }
  const costs: Costs = new Map(running.map((contender) => [contender, {}]));
  // Round 0 is the warm-up.
  for (let round = 0; round <= rounds; round += 1) {
    for (const { title, kind, ports } of columns) {
      // The order alternates, so that no contender always follows the most expensive one.
      const inTurn = round % 2 === 0 ? running : running.toReversed();
      for (const contender of inTurn.filter((one) => one.kinds.includes(kind))) {
        const load = { questions: questions[kind], ports, underWay: 100 };
        const cost = await measure(contender.port, contender.pids, load, round === 0 ? 1 : seconds);
        if (round === 0) continue;
        const taken = costs.get(contender) ?? {};
        taken[title] = [...(taken[title] ?? []), cost];
      }
    }
    if (round > 0) console.log(`round ${round} of ${rounds}`);
  }
  report(names, costs);
}

function whyLeftOut(error: unknown): undefined {
  if (!(error instanceof LeftOut)) throw error;
  console.log(`left out: ${error.message}`);
}

function report(names: number, costs: Costs): void {
  const ours = [...costs.values()][0] ?? {};
  const table: Record<string, Record<string, string>> = {};
  for (const [contender, taken] of costs) {
    const row: Record<string, string> = {};
    for (const { title } of columns) {
      const cost = median(taken[title], 'perAnswer');
      row[`${title} µs`] = cost === undefined ? '' : cost.toFixed(1);
      const base = median(ours[title], 'perAnswer');
      row[`${title} ×`] = cost === undefined || base === undefined ? '' : (cost / base).toFixed(2);
    }
    row['answers/s'] = (median(taken.existing, 'answersPerSecond') ?? 0).toFixed(0);
    row.lost = String(
      Object.values(taken)
        .flat()
        .reduce((sum, { lost }) => sum + lost, 0),
    );
    row['memory MB'] = residentMegabytes(contender.pids).toFixed(0);
    table[contender.name] = row;
  }
  console.log(
    `\n${names} names: CPU per answer, median of ${rounds} rounds of ${seconds} s, and its ratio to that of Zonewright`,
  );
  console.table(table);
}

function median(costs: readonly Cost[] | undefined, field: 'perAnswer' | 'answersPerSecond'): number | undefined {
  const values = (costs ?? []).map((cost) => cost[field]).sort((a, b) => a - b);
  return values[values.length >> 1];
}

async function untilAnswers({ name, port }: Contender, names: number): Promise<void> {
  const question = {
    server: { address: '127.0.0.1', port },
    name: `${hostLabel(names - 1)}.${zoneName}`,
    type: 'A',
    timeoutMilliseconds: 500,
  };
  for (const until = Date.now() + 300_000; Date.now() < until; await delay(100)) {
    const answer = await ask(question).catch(() => undefined);
    if (answer?.answers?.length === 1) return;
  }
  throw new Error(`${name} does not answer`);
}
