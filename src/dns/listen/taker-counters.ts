// The counters of how handed-on queries ended, as a taker counts them.

import { counterCell } from './listen-counters.ts';

export const endCells = {
  answered: counterCell.handedOnAnswered,
  silent: counterCell.handedOnSilent,
  failed: counterCell.handedOnFailed,
  expired: counterCell.handedOnExpired,
  gone: counterCell.handedOnGone,
} as const;
