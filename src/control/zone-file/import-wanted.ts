// The inputs of a zone file's import, and what it works with.

import type { Logger } from '../../model/logger.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Store } from '../../store/store.ts';
import type { Views } from '../../views/views.ts';
import type { Precondition } from '../input/precondition.ts';
import type { Committer } from '../transaction/commit.ts';
import type { Actor } from '../transaction/decision.ts';
import type { ImportMemory } from './import-memory.ts';

export interface ImportPlaces {
  store: Store;
  views: Views;
  committer: Committer;
  logger: Logger;
  /** The memory of all imports together. */
  importMemory: ImportMemory;
}

export interface ImportProgress {
  phase: 'reading' | 'comparing' | 'writing';
  /** The number of records read, or of names written. */
  done: number;
  total: number | undefined;
}

export interface ImportWanted {
  actor: Actor;
  zone: Fqdn;
  /** The file; one character for each octet. */
  text: AsyncIterable<string>;
  dryRun: boolean;
  precondition?: Precondition;
  onProgress?: (progress: ImportProgress) => void;
  /** Aborted when the client has gone: the import ends then, unless its last transaction was sent. */
  signal?: AbortSignal;
}
