#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
// The start of the command, in JavaScript that an old Node can read. Prints one line if Node is too old for the rest.

const needed = 26;

if (Number(process.versions.node.split('.')[0]) < needed) {
  console.error(
    `zonewright needs Node ${needed} or newer, and this is ${process.versions.node}: in a clone, \`npm ci && npm start\` brings its own`,
  );
  process.exitCode = 1;
} else {
  const { main } = await import('../main.ts');
  const status = await main(process.argv.slice(2));
  // Open handles must not keep a finished command alive.
  if (status !== undefined) process.exit(status);
}
