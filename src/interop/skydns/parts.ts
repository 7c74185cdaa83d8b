// The parts of the process that are needed to keep the SkyDNS layout.

import type { IsListener } from '../../control/reading/find-forwarder-loop.ts';
import type { Committer } from '../../control/transaction/commit.ts';
import type { Logger } from '../../model/logger.ts';
import type { Store } from '../../store/store.ts';
import type { Views } from '../../views/views.ts';

export interface SkydnsParts {
  store: Store;
  views: Views;
  committer: Committer;
  logger: Logger;
  /** The first part of all keys of the layout. */
  prefix: string;
  /** Returns whether a target of a stub zone is this replica itself. */
  isListener?: IsListener;
}
