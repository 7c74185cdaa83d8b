// Starts the ledger of a replica in this process, in a file of the test. Its intervals are short, so that tests need
// not wait long.

import { join } from 'node:path';
import type { LedgerTask } from '../../src/ledger/ledger-messages.ts';
import { LedgerService, ledgerIntervals } from '../../src/ledger/ledger-service.ts';
import type { Logger } from '../../src/model/logger.ts';
import type { ControlPlane } from './control-plane.ts';
import { type Cleanup, temporaryFolder } from './temporary.ts';

interface TestLedgerOptions {
  replica?: string;
  task?: LedgerTask;
  isLeader?: () => boolean;
  outboxMax?: number;
  intervals?: Partial<typeof ledgerIntervals>;
  logger?: Logger;
}

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export async function startTestLedger(
  test: Cleanup,
  { store, views }: Pick<ControlPlane, 'store' | 'views'>,
  {
    replica = 'test',
    task,
    isLeader = () => true,
    outboxMax = 1000,
    intervals,
    logger = silent,
  }: TestLedgerOptions = {},
): Promise<LedgerService> {
  const service = new LedgerService({
    task: task ?? { kind: 'sqlite', file: join(await temporaryFolder(test), 'ledger.db') },
    replica,
    store,
    views,
    leadership: { isLeader, resign: async () => {} },
    logger,
    keepDays: 400,
    maxEvents: 1_000_000,
    outboxMax,
    intervals: { ...ledgerIntervals, drain: 20, watch: 50, retry: 50, ...intervals },
  });
  test.after(() => service.close());
  return service;
}
