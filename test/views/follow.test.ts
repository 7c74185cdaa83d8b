// When the watch of the store breaks off, the log says why, at the right level.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Compacted, HistoryLost, type Store, StoreUnavailable } from '../../src/store/store.ts';
import { follow } from '../../src/views/follow.ts';
import { embeddedStore, emptyViews } from '../support/control-plane.ts';

const endings: [error: Error, level: 'warn' | 'error', message: RegExp][] = [
  [new HistoryLost('its revision went back'), 'error', /was restored or replaced: its revision went back/],
  [
    new HistoryLost('etcd compacted revision 7', 'unproven'),
    'warn',
    /^(?!.*(restored|replaced)).*compacted revision 7/,
  ],
  [new Compacted(), 'warn', /compaction/],
  [new StoreUnavailable('gone'), 'warn', /gone/],
];

for (const [error, level, message] of endings) {
  test(`a watch that ends with ${error.name} (${error.message}) is logged at level ${level}`, async (t) => {
    const lines: [level: string, text: string][] = [];
    const log = (name: string) => (fields: unknown, text?: unknown) =>
      void lines.push([name, JSON.stringify([fields, text])]);
    const logger = { debug: () => {}, info: () => {}, warn: log('warn'), error: log('error') };
    const views = emptyViews(logger);
    const store = await embeddedStore(t);
    const stopping = new AbortController();
    const watch: Store['watch'] = store.watch.bind(store);
    let watches = 0;
    const again = Promise.withResolvers<void>();
    t.mock.method(store, 'watch', (...args: Parameters<typeof watch>) => {
      if (++watches === 1) throw error;
      again.resolve();
      return watch(...args);
    });
    const following = follow(store, views, logger, stopping.signal);
    await again.promise;
    assert.equal(views.obstacle, undefined, 'the views report an obstacle after they have loaded the store again');
    stopping.abort();
    await following;
    assert.deepEqual(
      lines.map(([one]) => one),
      [level],
    );
    assert.match(lines[0]?.[1] ?? '', message);
  });
}
