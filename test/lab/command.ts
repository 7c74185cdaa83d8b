// Runs a program to its end and returns its output as one text. Fails with that text.

import { spawn } from 'node:child_process';

export interface Options {
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Ends the program and the promise that waits for it. */
  signal: AbortSignal;
  /** Passes stderr of the program through, which shows progress. */
  progress?: boolean;
}

/** Returns stdout and stderr, in the order in which they came. Throws if the exit status is not 0. */
export async function run(program: string, args: readonly string[], options: Options): Promise<string> {
  const { signal, progress, ...where } = options;
  signal.throwIfAborted();
  const child = spawn(program, args, { ...where, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      output += text;
    });
  }
  if (progress) child.stderr.on('data', (text: string) => process.stderr.write(text));
  const end = () => child.kill('SIGTERM');
  signal.addEventListener('abort', end);
  const code = await new Promise<number | null>((resolve, reject) => {
    // Not 'close': a child of the program may keep its output open.
    child.on('exit', (status) => setImmediate(resolve, status));
    child.on('error', reject);
  }).finally(() => signal.removeEventListener('abort', end));
  if (code === 0) return output;
  const why = signal.aborted ? reasonOf(signal) : `ended with ${code ?? 'a signal'}`;
  throw new Error(`${output.trimEnd()}\n${program} ${args.join(' ')}: ${why}`.trimStart());
}

function reasonOf(signal: AbortSignal): string {
  const { reason } = signal;
  return reason instanceof Error && reason.name === 'TimeoutError' ? 'took too long' : `stopped by ${String(reason)}`;
}
