// Runs the command in a process of its own, as an operator does.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

export const command = fileURLToPath(new URL('../../src/cli/zonewright.js', import.meta.url));

export interface Ran {
  status: number | null;
  stdout: string;
  /** The text on stderr, without the lines of progress: they depend on the speed of the machine. */
  stderr: string;
}

const progressLine = /^(checking:|writing|counting:|waiting for|the replica reads|.* received$).*\n/gm;

export interface RunOptions {
  env?: Record<string, string>;
  cwd?: string;
  /** The standard input. Default: it is empty. */
  input?: string;
  /** Called when the process has been started. */
  onStart?: (child: ChildProcess) => void;
}

/** Runs `zonewright` with these arguments to its end. Of our settings, its environment has only those in `env`. */
export async function runCommand(
  args: readonly string[],
  { env = {}, cwd, input = '', onStart }: RunOptions = {},
): Promise<Ran> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(ZONEWRIGHT_(?!TEST_)|NODE_OPTIONS)/.test(name));
  const child = spawn(command, args, {
    env: {
      ...Object.fromEntries(inherited),
      PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
      ...env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(cwd !== undefined && { cwd }),
  });
  // The command may end before it has read its input.
  child.stdin.on('error', () => undefined).end(input);
  onStart?.(child);
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text) => {
      output[name] += text;
    });
  }
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, stdout: output.stdout, stderr: output.stderr.replaceAll(progressLine, '') };
}
