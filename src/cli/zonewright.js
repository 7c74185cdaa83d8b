#!/usr/bin/env -S MALLOC_ARENA_MAX=2 node --disable-warning=ExperimentalWarning --no-short-builtin-calls
// Starts the command. Written in JavaScript that an old Node can read: prints one line if Node is too old for the rest.
// MALLOC_ARENA_MAX: by default glibc keeps freed memory for each thread, also for V8's threads that only work at the
// start.
// --no-short-builtin-calls: V8 would map its 2 MB of built-in code once more for each of our threads, which made no
// answer cheaper (bench/respond.ts).

const needed = 26;

if (Number(process.versions.node.split('.')[0]) < needed) {
  console.error(
    `zonewright needs Node ${needed} or newer, and this is ${process.versions.node}: in a clone, \`npm ci && npm start\` brings its own`,
  );
  process.exitCode = 1;
} else {
  const args = process.argv.slice(2);
  const { completeCompileCache, useCompileCache } = await import('./compile-cache.js');
  useCompileCache();
  if (args[0] !== 'probe') completeCompileCache();
  const { main } = await import('../main.ts');
  const status = await main(args);
  // Open handles must not keep a finished command alive.
  if (status !== undefined) process.exit(status);
}
