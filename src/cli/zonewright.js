#!/usr/bin/env -S node --disable-warning=ExperimentalWarning
// The command's first step, in JavaScript that an old Node can read: it says in one line when Node is too old for the rest.

const needed = 26;

if (Number(process.versions.node.split('.')[0]) < needed) {
  console.error(
    `zonewright needs Node ${needed} or newer, and this is ${process.versions.node}: in a clone, \`npm ci && npm start\` brings its own`,
  );
  process.exitCode = 1;
} else {
  const { main } = await import('../main.ts');
  const status = await main(process.argv.slice(2));
  // Whatever is left open must not keep a command that has ended.
  if (status !== undefined) process.exit(status);
}
