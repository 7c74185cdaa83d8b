// A differential run: loads families of zones in batches into NSD, Knot and our server, asks all three the same
// questions and judges the answers. run.ts and differential.test.ts start it.

import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cleanup, inScope } from '../support/temporary.ts';
import { readAnswer } from './answer.ts';
import { askMany, type NamedServer, type Query, Silence } from './ask-many.ts';
import { documentedDifferences } from './documented-differences.ts';
import { type Case, isPartOfWhole, judge } from './judge.ts';
import { type OurServer, serveZones } from './our-server.ts';
import { type PeerName, peerNames, startPeer } from './peers.ts';
import { describeQuestion, encodeQuery, type Question, randomQuestions } from './random-questions.ts';
import { randomFamily } from './random-zones.ts';
import type { Family, Zone } from './zone-builder.ts';

export interface RunOptions {
  seed: number;
  /** The number of the first family. */
  first?: number;
  families: number;
  questionsEach: number;
  /** How many families are loaded at once. */
  batch: number;
  progress?(report: Report): void;
}

/** The result of a run. Everything except `seed` and the cases is a count. */
export interface Report {
  seed: number;
  families: number;
  zones: number;
  questions: number;
  /** All three servers gave the same answer. */
  sameAsBoth: number;
  /** Our answer equals that of this peer, but not that of the other, or the other was not asked. */
  sameAsOne: Record<PeerName, number>;
  /** Cases of `sameAsOne` in which the other peer was asked, and our difference from its answer is not documented. */
  peersDiffer: number;
  /** Families with a zone that the peer refused to load. The peer is not asked about them. */
  notLoaded: Record<PeerName, number>;
  /** Families for which the peer stopped answering. Its answers about them do not count. */
  silent: Record<PeerName, number>;
  /** Documented differences by name. `needed` counts cases in which our answer equals that of neither peer. */
  documented: Record<string, { seen: number; needed: number }>;
  /** Questions that were also asked over our own sockets and answered with the same octets. */
  overSockets: number;
  unexplained: Case[];
}

interface Inquiry {
  family: Family;
  asked: (Query & { question: Question })[];
}

/** One question in this many is also asked over our sockets. */
const socketShare = 10;

export async function runDifferential(options: RunOptions): Promise<Report> {
  const { seed, first = 0, families, batch, questionsEach } = options;
  const report = newReport(seed);
  for (let from = first; from < first + families; from += batch) {
    const count = Math.min(batch, first + families - from);
    const some = Array.from({ length: count }, (_, index) => randomFamily(seed, from + index));
    await inScope((scope) => runBatch(scope, report, some, questionsEach));
    options.progress?.(report);
  }
  return report;
}

async function runBatch(
  scope: Cleanup,
  report: Report,
  families: readonly Family[],
  questionsEach: number,
): Promise<void> {
  const zones = families.flatMap((family) => family.zones);
  const inquiries = families.map((family): Inquiry => {
    const questions = randomQuestions(report.seed, family, questionsEach);
    return {
      family,
      asked: questions.map((question) => ({ question, bytes: encodeQuery(question), tcp: question.tcp })),
    };
  });
  const us = serveZones(scope, zones);
  const [nsd, knot] = await Promise.all([askPeer(report, 'nsd', inquiries), askPeer(report, 'knot', inquiries)]);
  report.families += families.length;
  report.zones += zones.length;
  for (const { family, asked } of inquiries) {
    for (const [index, { question, bytes, tcp }] of asked.entries()) {
      const theirs: Case['theirs'] = {};
      for (const [name, answers] of [
        ['nsd', nsd.get(family)],
        ['knot', knot.get(family)],
      ] as const) {
        if (answers !== undefined) theirs[name] = readAnswer(bytes, answers[index] as Buffer);
      }
      const whole = us.respond({ bytes, tcp: true });
      const ours = { ours: readAnswer(bytes, us.respond({ bytes, tcp })), whole: readAnswer(bytes, whole) };
      count(report, { family, question, ...ours, wholeLength: whole.length, theirs });
    }
  }
  await compareSockets(report, us, inquiries);
}

/**
 * Returns the peer's answers to the questions about each family. Lacks families with a zone that the peer refuses to
 * load, and families whose questions silence the peer: the UDP thread of Knot 3.2 hangs when the response is full and
 * one more address comes from a wildcard. Such a family is found by halving the batch.
 */
async function askPeer(report: Report, name: PeerName, inquiries: readonly Inquiry[]): Promise<Map<Family, Buffer[]>> {
  try {
    return await inScope((scope) => askAtOnce(scope, report, name, inquiries));
  } catch (error) {
    if (!(error instanceof Silence)) throw error;
    if (inquiries.length === 1) {
      report.silent[name] += 1;
      return new Map();
    }
    const half = inquiries.length >>> 1;
    const first = await askPeer(report, name, inquiries.slice(0, half));
    return new Map([...first, ...(await askPeer(report, name, inquiries.slice(half)))]);
  }
}

async function askAtOnce(
  scope: Cleanup,
  report: Report,
  name: PeerName,
  inquiries: readonly Inquiry[],
): Promise<Map<Family, Buffer[]>> {
  const zones = inquiries.flatMap(({ family }) => family.zones);
  const server = await startPeer(scope, name, await folderFor(scope), zones);
  const missing = await zonesNotLoaded(server, zones);
  const loaded = inquiries.filter(({ family }) => !family.zones.some((zone) => missing.has(zone)));
  const answers = await askMany(
    server,
    loaded.flatMap(({ asked }) => asked),
  );
  report.notLoaded[name] += inquiries.length - loaded.length;
  return new Map(
    loaded.map(({ family, asked }, index) => [family, answers.slice(index * asked.length, (index + 1) * asked.length)]),
  );
}

/** Makes a folder. It is removed at the end of the scope, or when the process exits before. */
async function folderFor(scope: Cleanup): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'zonewright-differential-'));
  const removeAtExit = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeAtExit);
  scope.after(async () => {
    process.removeListener('exit', removeAtExit);
    await rm(folder, { recursive: true, force: true });
  });
  return folder;
}

function newReport(seed: number): Report {
  const noneYet = { families: 0, zones: 0, questions: 0, sameAsBoth: 0, peersDiffer: 0, overSockets: 0 };
  return {
    seed,
    ...noneYet,
    sameAsOne: { nsd: 0, knot: 0 },
    notLoaded: { nsd: 0, knot: 0 },
    silent: { nsd: 0, knot: 0 },
    documented: Object.fromEntries(Object.keys(documentedDifferences).map((name) => [name, { seen: 0, needed: 0 }])),
    unexplained: [],
  };
}

function count(report: Report, asked: Case): void {
  const { same, other } = judge(asked);
  report.questions += 1;
  const [one] = same;
  if (same.length === peerNames.length) report.sameAsBoth += 1;
  else if (one !== undefined) report.sameAsOne[one] += 1;
  const explained = other.flatMap(({ documented = [] }) => documented);
  const enough = one !== undefined || other.length === 0 || explained.length > 0;
  if (!enough || !isPartOfWhole(asked)) report.unexplained.push(asked);
  if (one !== undefined && other.some(({ documented }) => documented === undefined)) report.peersDiffer += 1;
  for (const name of explained) {
    const counts = report.documented[name];
    if (counts === undefined) continue;
    counts.seen += 1;
    if (one === undefined) counts.needed += 1;
  }
}

/** Returns the zones that the server has not loaded: it answers SERVFAIL for them. */
async function zonesNotLoaded(server: NamedServer, zones: readonly Zone[]): Promise<Set<Zone>> {
  const questions = zones.map(({ apex }) =>
    encodeQuery({ name: apex, type: 'SOA', tcp: false, recursionDesired: false }),
  );
  const answers = await askMany(
    server,
    questions.map((bytes) => ({ bytes, tcp: false })),
  );
  const missing = zones.filter(
    (_, index) => readAnswer(questions[index] as Buffer, answers[index] as Buffer).rcode === 'SERVFAIL',
  );
  return new Set(missing);
}

/** Checks that our listeners send the octets that `respond` wrote. */
async function compareSockets(report: Report, us: OurServer, inquiries: readonly Inquiry[]): Promise<void> {
  const some = inquiries.flatMap(({ asked }) => asked).filter((_, index) => index % socketShare === 0);
  const answers = await askMany(await us.listen(), some);
  for (const [index, query] of some.entries()) {
    if (answers[index]?.equals(us.respond(query))) report.overSockets += 1;
    else throw new Error(`our sockets and respond give different answers: ${describeQuestion(query.question)}`);
  }
}
