// Generates the clients of the ledger from the model and its two heads: `npm run prisma`. The clients are committed,
// because Prisma's command takes 230 MB. test/ledger/model.test.ts fails if they are out of date.

import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { installedTools } from '../test/support/installed-tools.ts';

const root = join(import.meta.dirname, '..');
export const heads = ['sqlite', 'postgresql'] as const;

/** Installs Prisma's command once. Returns its folder; undefined if the installation fails. */
export function prismaTools(): string | undefined {
  return installedTools('ledger-tools', join(root, 'test/ledger/tools'));
}

/** Generates both clients for the model in `folder`/prisma, into `folder`/src/ledger/generated. */
export function generateClients(tools: string, folder: string): void {
  rmSync(join(folder, 'src/ledger/generated'), { recursive: true, force: true });
  for (const head of heads) {
    const command = [join(tools, 'node_modules/prisma/build/index.js'), 'generate', '--schema', `prisma/heads/${head}`];
    const { status, stdout, stderr } = spawnSync(process.execPath, command, {
      cwd: folder,
      encoding: 'utf8',
      // The command demands an engine that `generate` does not use. Never use this setting for migrations: they would
      // succeed without doing anything.
      env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true', PRISMA_HIDE_UPDATE_MESSAGE: '1', CI: 'true' },
    });
    if (status !== 0) throw new Error(`prisma generate failed for ${head}: ${stdout}${stderr}`);
  }
}

if (import.meta.main) {
  const tools = prismaTools();
  if (tools === undefined) throw new Error('cannot install Prisma');
  generateClients(tools, root);
}
