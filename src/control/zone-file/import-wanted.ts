// The inputs of an import of a zone file, and the parts of the process that an import uses.

import type { Logger } from '../../model/logger.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Store } from '../../store/store.ts';
import type { Views } from '../../views/views.ts';
import type { Actor } from '../access/actor.ts';
import type { Precondition } from '../input/precondition.ts';
import type { Committer } from '../transaction/commit.ts';
import type { ImportMemory } from './import-memory.ts';

export interface ImportPlaces {
  store: Store;
  views: Views;
  committer: Committer;
  logger: Logger;
  /** Limits the memory of all imports together. */
  importMemory: ImportMemory;
}

export interface ImportProgress {
  phase: 'reading' | 'comparing' | 'writing';
  /** The number of records read, or of names compared or written. */
  done: number;
  /** Undefined until the file is read. */
  total: number | undefined;
}

export interface ImportWanted {
  actor: Actor;
  zone: Fqdn;
  /** The file, with one character for each octet. */
  text: AsyncIterable<string>;
  dryRun: boolean;
  /** If true, refuses a file with records outside the zone. */
  strict?: boolean;
  /** If true, refuses the file of a signed zone. Otherwise the zone is imported without its signatures. */
  refuseSigned?: boolean;
  precondition?: Precondition;
  onProgress?: (progress: ImportProgress) => void;
  /** Aborted when the client has gone. Then the import ends, unless it is already committing its last transaction. */
  signal?: AbortSignal;
}
