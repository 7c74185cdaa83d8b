// The main script of the ledger's thread. It opens the ledger at the first call. If that fails, the next call tries
// again. Only this thread loads Prisma, so that loading it does not block requests.

import { parentPort, workerData } from 'node:worker_threads';
import { GarbageCollector } from '../model/garbage-collector.ts';
import { messageOf } from '../model/thrown.ts';
import type { Ledger } from './ledger.ts';
import type { LedgerCall, LedgerReply, LedgerTask } from './ledger-messages.ts';

const task: LedgerTask = workerData;
let opening: Promise<Ledger> | undefined;

/** The time between two checks for garbage that reads have left. */
const tidyMilliseconds = 10_000;
const garbage = new GarbageCollector();
setInterval(() => garbage.collectIfMuch(), tidyMilliseconds).unref();

parentPort?.on('message', (call: LedgerCall) => {
  answer(call).then((reply) => parentPort?.postMessage(reply));
});

async function answer({ id, method, parameters }: LedgerCall): Promise<LedgerReply> {
  try {
    if (method === 'close' && opening === undefined) return { id, result: undefined };
    const ledger = await opened();
    // biome-ignore lint/suspicious/noExplicitAny: LedgerThread, which makes the calls, has the types.
    const result = await (ledger[method] as any)(...parameters);
    return { id, result };
  } catch (error) {
    return { id, failure: reasonOf(error) };
  }
}

/** Returns the ledger. Opens it if no earlier call has succeeded. */
function opened(): Promise<Ledger> {
  opening ??= open();
  opening.catch(() => {
    opening = undefined;
  });
  return opening;
}

async function open(): Promise<Ledger> {
  if (task.kind === 'sqlite') return (await import('./heads/sqlite.ts')).openSqliteLedger(task.file);
  return (await import('./heads/postgresql.ts')).openPostgresqlLedger(task.url);
}

/** An error of Prisma: `cause` has the message of the database. */
interface DatabaseError {
  meta?: { driverAdapterError?: { cause?: { message?: string; originalMessage?: string } } };
}

/** Returns why a call failed, in one line. Prisma's messages begin with the call, over several lines. */
function reasonOf(error: unknown): string {
  const { message, originalMessage } = (error as DatabaseError | undefined)?.meta?.driverAdapterError?.cause ?? {};
  const lines = (originalMessage ?? message ?? messageOf(error))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.at(-1) ?? 'the ledger failed';
}
