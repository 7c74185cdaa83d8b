// Finds and starts other programs for tests and benches. Each program ends with the test or bench that started it.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Cleanup } from './temporary.ts';

/** Returns the path of a program: in PATH, where Debian has daemons, or where Go installs; undefined if in none. */
export function findProgram(program: string): string | undefined {
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const others = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin', join(homedir(), 'go', 'bin')];
  return [...path, ...others].map((folder) => join(folder, program)).find(existsSync);
}

export interface PeerProcess {
  readonly pid: number;
  hasEnded(): boolean;
  /** Returns the end of what the process wrote to stderr. */
  output(): string;
}

/** Starts a program. It is stopped at the end of the scope, or of this process. */
export function startPeerProcess(
  scope: Cleanup,
  program: string,
  args: readonly string[],
  folder?: string,
): PeerProcess {
  const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  child.stderr.on('data', (text) => {
    output = `${output}${text}`.slice(-16_000);
  });
  if (child.pid === undefined) throw new Error(`${program} cannot be started`);
  const stopWithUs = (): void => void child.kill('SIGTERM');
  process.once('exit', stopWithUs);
  scope.after(async () => {
    process.removeListener('exit', stopWithUs);
    await stop(child);
  });
  return { pid: child.pid, hasEnded: () => hasEnded(child), output: () => output };
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** Sends SIGTERM first, because some programs must stop processes of their own. Sends SIGKILL after two seconds. */
async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const impatience = setTimeout(() => child.kill('SIGKILL'), 2_000);
  await exit;
  clearTimeout(impatience);
}
