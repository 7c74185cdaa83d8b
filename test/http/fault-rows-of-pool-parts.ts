// The rows of fault-pairs.test.ts for pools that are split and merged.

import { fault, longKey, type Operation, stale, stray } from './fault-forms.ts';

export const poolParts: Record<string, Operation> = {
  splitPool: {
    method: 'POST',
    path: '/v1/pools/p/split',
    body: { name: 'q', ranges: ['192.0.2.8/30', '192.0.2.12'] },
    faults: [
      longKey,
      stray,
      fault('schema', '?dryRun', 'maybe'),
      fault('parse', '/ranges/1', 'x'),
      { ...stale, needs: [':pool'] },
      fault('stands', ':pool', 'none'),
      fault('stands', '/name', 'lab', [':pool']),
      fault('stands', '/ranges/0', '10.9.0.0/30', [':pool']),
    ],
  },
  mergePools: {
    method: 'POST',
    path: '/v1/pools/p/merge',
    body: { from: 'fourth' },
    faults: [
      longKey,
      stray,
      fault('schema', '?dryRun', 'maybe'),
      { ...stale, needs: [':pool'] },
      fault('stands', ':pool', 'none'),
      fault('stands', '/from', 'none', [':pool']),
    ],
  },
};
