// Measures a process around one run of dnsperf: CPU time and memory as the kernel counts them.

import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

export interface Cost {
  /** Microseconds of CPU, user and system, per answered query. */
  perAnswer: number;
  answersPerSecond: number;
  lost: number;
}

interface Load {
  /** The path of a file with questions. */
  questions: string;
  /** The number of client ports. They ask in turn. */
  ports: number;
  /** The most questions that wait for an answer at a time. */
  underWay: number;
  /** Queries per second. Undefined: as many as possible. */
  perSecond?: number;
}

/** Sends the load for `seconds`, with one client thread. */
export async function measure(port: number, pids: readonly number[], load: Load, seconds: number): Promise<Cost> {
  const before = cpuSeconds(pids);
  const options = {
    s: '127.0.0.1',
    p: port,
    d: load.questions,
    l: seconds,
    q: load.underWay,
    c: load.ports,
    T: 1,
    ...(load.perSecond !== undefined && { Q: load.perSecond }),
  };
  const flags = Object.entries(options).flatMap(([name, value]) => [`-${name}`, String(value)]);
  const { stdout } = await promisify(execFile)('dnsperf', flags);
  const spent = cpuSeconds(pids) - before;
  const completed = numberAfter(stdout, 'Queries completed:');
  return {
    perAnswer: (spent / completed) * 1e6,
    answersPerSecond: numberAfter(stdout, 'Queries per second:'),
    lost: numberAfter(stdout, 'Queries lost:'),
  };
}

function numberAfter(text: string, title: string): number {
  return Number(new RegExp(`${title}\\s+([0-9.]+)`).exec(text)?.[1] ?? Number.NaN);
}

/** Reads utime and stime of all threads from /proc/<pid>/stat. The name in parentheses may contain blanks. */
function cpuSeconds(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / ticksPerSecond;
}

export function residentMegabytes(pids: readonly number[]): number {
  let kibibytes = 0;
  for (const pid of pids) {
    kibibytes += Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  }
  return (kibibytes * 1024) / 1e6;
}
