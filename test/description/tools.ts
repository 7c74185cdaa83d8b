// Installs the linters and the client generator that test/description runs on openapi.json. They take 140 MB.

import { join } from 'node:path';
import { installedTools } from '../support/installed-tools.ts';

/** Installs the tools once. Returns their folder; undefined if the installation fails. */
export function descriptionTools(): string | undefined {
  return installedTools('description-tools', join(import.meta.dirname, 'tools'));
}
