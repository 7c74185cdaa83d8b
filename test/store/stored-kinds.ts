// All kinds of stored keys, read from their folder, so that no test forgets a new one.

import { readdirSync } from 'node:fs';
import type { KindName, StoredKind } from '../../src/store/kinds/stored-kind.ts';

const folder = new URL('../../src/store/kinds/', import.meta.url);
const files = readdirSync(folder).filter((file) => file !== 'stored-kind.ts');

/** File name without its ending → the file's exports. */
export const kindModules: ReadonlyMap<string, Record<string, unknown>> = new Map(
  await Promise.all(
    files.map(async (file) => [file.replace('.ts', ''), await import(new URL(file, folder).href)] as const),
  ),
);

export const storedKinds = [...kindModules].map(([name, exports]) => exports[`${name}Kind`] as StoredKind<KindName>);
