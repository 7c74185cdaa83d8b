// weight.ts preloads this file into a replica. At SIGUSR2 it writes one line to stderr, with the heap of each thread in
// octets. It is JavaScript, so that it loads no module that the replica itself does not load.

import { getHeapStatistics } from 'node:v8';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  const workers = new Set();
  process.on('worker', (worker) => {
    workers.add(worker);
    worker.on('exit', () => workers.delete(worker));
  });
  process.on('SIGUSR2', async () => {
    const heaps = { main: shownOf(getHeapStatistics()) };
    // This also works for an answering thread that never returns to its event loop: V8 interrupts it.
    for (const worker of workers) heaps[worker.threadName ?? 'worker'] = shownOf(await worker.getHeapStatistics());
    process.stderr.write(`${JSON.stringify({ heaps })}\n`);
  });
}

function shownOf({ total_physical_size, used_heap_size, malloced_memory, external_memory }) {
  return { physical: total_physical_size, used: used_heap_size, malloced: malloced_memory, external: external_memory };
}
