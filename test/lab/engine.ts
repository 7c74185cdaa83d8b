// Finds the Docker engine, or has it prepared: a script may do that for a machine that has none.
// The script prints shell settings for whoever uses the engine, as `eval "$(script)"` would take them over.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './command.ts';

/** The environment that `docker` is to be run in, or why there is no engine. */
export type Engine = { env: NodeJS.ProcessEnv } | { missing: string };

const minutes = 60_000;

/** `ZONEWRIGHT_LAB_MACHINE` names the script; without it, one that lies beside the clone will do. */
export async function prepareEngine(root: string, stop: AbortSignal): Promise<Engine> {
  const within = (time: number) => ({ cwd: root, signal: AbortSignal.any([stop, AbortSignal.timeout(time)]) });
  const named = process.env.ZONEWRIGHT_LAB_MACHINE;
  const script = named || join(root, '../shared/tools/lab-machine');
  let env = process.env;
  try {
    // Asked even where an engine runs already: its settings are needed all the same.
    if (named || existsSync(script)) {
      console.log('lab: preparing the engine …');
      const evaluate = 'settings=$("$0") && eval "$settings" && printf "\\0" && env -0';
      const options = { ...within(10 * minutes), env, progress: true };
      const settings = await run('bash', ['-c', evaluate, script], options).catch(() => undefined);
      stop.throwIfAborted();
      if (settings === undefined) return { missing: `no Docker engine: ${script} could not prepare one` };
      env = environmentFrom(settings);
    }
    // Speaks with the engine, where `version` would not.
    await run('docker', ['compose', 'ls'], { ...within(minutes), env });
    return { env };
  } catch (error) {
    stop.throwIfAborted();
    const said = error instanceof Error ? error.message : String(error);
    return {
      missing: `no Docker engine with Compose can be used here: ${said.trim().split('\n').slice(-3).join('; ')}`,
    };
  }
}

/** After the first NUL: what stands before it, the script said on the way. */
function environmentFrom(output: string): NodeJS.ProcessEnv {
  const settings = output.split('\0').slice(1, -1);
  return Object.fromEntries(
    settings.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}
