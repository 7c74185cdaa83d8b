#!/usr/bin/env -S MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=131072 node --no-short-builtin-calls
// Starts the command. If Node is too old for the rest, prints what to do: so this file uses only JavaScript and flags
// that an old Node accepts.
// MALLOC_ARENA_MAX: by default glibc keeps freed memory for each thread, also for V8's threads that only work at the
// start.
// MALLOC_MMAP_THRESHOLD_: by default glibc raises it with the first large body, and then keeps the memory of all later
// large bodies (bench/api-under-attack.ts). The threshold is larger than Node's receive buffers of 64 KB. Otherwise
// each such buffer is mapped and unmapped, which made answers with --dns-socket datagram late
// (bench/handed-on-flood.ts). release-memory.ts gives the memory of freed buffers back.
// --no-short-builtin-calls: by default V8 maps its 2 MB of built-in code again for each of our threads, which makes no
// answer cheaper (bench/respond.ts).

const needed = 26;

if (Number(process.versions.node.split('.')[0]) < needed) {
  console.error(
    `zonewright needs Node ${needed} or newer, and this is ${process.versions.node}: install Node ${needed} (https://nodejs.org), or in a clone use \`npm ci\` without --omit=dev, which brings it for \`npm start\` and \`npx zonewright\``,
  );
  process.exitCode = 1;
} else {
  const args = process.argv.slice(2);
  const { completeCompileCache, useCompileCache } = await import('./compile-cache.js');
  useCompileCache();
  if (args[0] !== 'probe') completeCompileCache();
  const { main } = await import('../main.ts');
  const status = await main(args);
  if (status !== undefined) {
    await Promise.all([process.stdout, process.stderr].map(flush));
    // Open handles must not keep a finished command alive.
    process.exit(status);
  }
}

/** Resolves when the reader of a pipe has all that was written, or has gone. The exit would cut it off. */
function flush(stream) {
  return new Promise((resolve) => {
    if (stream.writableLength === 0) resolve();
    else stream.on('error', resolve).write('', resolve);
  });
}
