// A program that a test kills and starts again, with the same arguments.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import type { Cleanup } from './temporary.ts';

/** The process is killed at the end of the scope, or of this process. */
export class RestartableProcess {
  readonly #program: string;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  #stderr = '';

  constructor(scope: Cleanup, program: string, args: readonly string[]) {
    this.#program = program;
    this.#args = args;
    const kill = () => this.#child?.kill('SIGKILL');
    process.on('exit', kill);
    scope.after(async () => {
      process.off('exit', kill);
      await this.stop();
    });
  }

  start(): void {
    this.#stderr = '';
    this.#child = spawn(this.#program, this.#args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child.stderr?.on('data', (text) => {
      this.#stderr = `${this.#stderr}${text}`.slice(-4000);
    });
  }

  /** Throws if the process has ended. */
  check(): void {
    if (this.#hasEnded()) throw new Error(`${basename(this.#program)} ended: ${this.#stderr}`);
  }

  /** Kills the process (SIGKILL), if it runs. Resolves when it has ended. */
  async stop(): Promise<void> {
    if (this.#child === undefined || this.#hasEnded()) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
  }

  #hasEnded(): boolean {
    return this.#child !== undefined && (this.#child.exitCode !== null || this.#child.signalCode !== null);
  }
}
