// Finds the Docker engine, or lets a script prepare one on a machine without it. The script prints commands of the
// shell that set the environment for `docker`: `eval "$(script)"`.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './command.ts';

/** `env`: the environment for `docker`. `missing`: the reason why no engine can be used. */
export type Engine = { env: NodeJS.ProcessEnv } | { missing: string };

const minutes = 60_000;

/** Prepares the engine with the script that `ZONEWRIGHT_LAB_MACHINE` names, or with the one beside the clone. */
export async function prepareEngine(root: string, stop: AbortSignal): Promise<Engine> {
  const within = (time: number) => ({ cwd: root, signal: AbortSignal.any([stop, AbortSignal.timeout(time)]) });
  const named = process.env.ZONEWRIGHT_LAB_MACHINE;
  const script = named || join(root, '../shared/tools/lab-machine');
  let env = process.env;
  try {
    // Runs the script even if an engine runs already, because `docker` needs the environment that it sets.
    if (named || existsSync(script)) {
      console.log('lab: preparing the engine …');
      const evaluate = 'settings=$("$0") && eval "$settings" && printf "\\0" && env -0';
      const options = { ...within(10 * minutes), env, progress: true };
      const settings = await run('bash', ['-c', evaluate, script], options).catch(() => undefined);
      stop.throwIfAborted();
      if (settings === undefined) return { missing: `no Docker engine: ${script} could not prepare one` };
      env = environmentFrom(settings);
    }
    // Unlike `docker version`, this command connects to the engine.
    await run('docker', ['compose', 'ls'], { ...within(minutes), env });
    return { env };
  } catch (error) {
    stop.throwIfAborted();
    const message = error instanceof Error ? error.message : String(error);
    return {
      missing: `no Docker engine with Compose can be used here: ${message.trim().split('\n').slice(-3).join('; ')}`,
    };
  }
}

/** Returns the environment variables after the first NUL. Before that NUL is other output of the script. */
function environmentFrom(output: string): NodeJS.ProcessEnv {
  const settings = output.split('\0').slice(1, -1);
  return Object.fromEntries(
    settings.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}
