// A signal that stops a command when its user interrupts it.

/** Returns a signal that aborts with a message for people. `outcome`: what the interruption means. */
export function interruptSignal(outcome: string): AbortSignal {
  const interrupt = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => interrupt.abort(new Error(`interrupted by ${signal}: ${outcome}`)));
  return interrupt.signal;
}
