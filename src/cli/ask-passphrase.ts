// Asks the operator for a passphrase on the terminal. What is typed is not shown.

import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/**
 * Returns the passphrase. Asks for a new one twice. Rejects if it is empty, if the two differ, or if the operator
 * cancels.
 */
export async function askPassphrase({ isNew }: { isNew: boolean }): Promise<string> {
  const passphrase = await ask(isNew ? 'New passphrase of the backup: ' : 'Passphrase of the backup: ');
  if (passphrase === '') throw new Error('the passphrase is empty');
  if (isNew && (await ask('Once more: ')) !== passphrase) throw new Error('the two passphrases are not the same');
  return passphrase;
}

async function ask(question: string): Promise<string> {
  const nowhere = new Writable({ write: (_, __, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  process.stderr.write(question);
  const ended = new Promise<never>((_, reject) => {
    const end = () => reject(new Error('no passphrase was given'));
    lines.once('SIGINT', end);
    lines.once('close', end);
  });
  try {
    return await Promise.race([lines.question(''), ended]);
  } finally {
    ended.catch(() => undefined);
    lines.close();
    process.stderr.write('\n');
  }
}
