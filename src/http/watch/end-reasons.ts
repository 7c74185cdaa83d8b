// The reasons why a stream of changes ends.

/** By the reason, a text for people that also says what to do. */
export const endReasons = {
  compacted: 'the store no longer keeps the changes after this revision: read everything again, then follow anew',
  history_lost: 'the store was restored or replaced: read everything again, then follow anew',
  too_slow: 'changes came faster than they were read: continue after the last id',
  unauthorized: 'the token is not valid any more, or allows something else now',
  time_over: 'the time of ?forSeconds is over: continue after the last id',
  stopping: 'this replica stops: continue after the last id, at another replica',
  failed: 'this replica cannot go on, its log says why: continue after the last id',
} as const;

export type EndReason = keyof typeof endReasons;

/** The reasons after which no id is valid any more. */
export const endsHistory: ReadonlySet<EndReason> = new Set(['compacted', 'history_lost']);
