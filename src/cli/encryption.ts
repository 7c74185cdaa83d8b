// Encrypts and decrypts backups in the format of the program `age` (age-encryption.org/v1). The library takes 25 MB of
// memory, so it is loaded only for encrypted backups.

import type { FileHandle } from 'node:fs/promises';
import { ReadableStream, TransformStream } from 'node:stream/web';
import { BackupFault } from '../backup/backup-format.ts';
import { messageOf } from '../model/thrown.ts';
import { askPassphrase } from './ask-passphrase.ts';
import type { Output } from './output-file.ts';
import { readNamed } from './read-named.ts';

/** Where the passphrase comes from: a file, the environment, or else the operator. */
interface PassphrasePlace {
  passphraseFile: string | undefined;
  passphrase: string | undefined;
}

export interface EncryptOptions extends PassphrasePlace {
  /** True: encrypts with a passphrase. If neither a file nor the variable has one, the operator is asked. */
  encrypt: boolean;
  recipients: string[] | undefined;
}

export interface DecryptOptions extends PassphrasePlace {
  /** The file with the identities (secret keys) of age. */
  identity: string | undefined;
}

const firstLine = 'age-encryption.org/v1\n';

/** Opens the output. If the options say so, encrypts the octets that are written into it. */
export async function encrypted(openOutput: () => Promise<Output>, options: EncryptOptions): Promise<Output> {
  const { encrypt, recipients, passphraseFile } = options;
  if (!encrypt && recipients === undefined && passphraseFile === undefined) return openOutput();
  const { Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  if (recipients === undefined) encrypter.setPassphrase(await passphraseOf(options, { isNew: true }));
  for (const recipient of recipients ?? []) {
    try {
      encrypter.addRecipient(recipient);
    } catch (error) {
      throw new Error(`--recipient: '${recipient}' is not a recipient of age: ${messageOf(error)}`, { cause: error });
    }
  }
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const sealed = await encrypter.encrypt(readable as globalThis.ReadableStream<Uint8Array>);
  const output = await openOutput();
  return new EncryptedOutput(output, writable.getWriter(), sealed);
}

class EncryptedOutput implements Output {
  readonly #output: Output;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  /** Resolves when all encrypted octets were passed to the output. */
  readonly #passed: Promise<void>;

  constructor(
    output: Output,
    writer: WritableStreamDefaultWriter<Uint8Array>,
    sealed: globalThis.ReadableStream<Uint8Array>,
  ) {
    this.#output = output;
    this.#writer = writer;
    this.#passed = (async () => {
      for await (const chunk of sealed) await output.write(asBuffer(chunk));
    })();
    this.#passed.catch(() => undefined);
  }

  async write(text: Buffer): Promise<void> {
    await this.#withReason(this.#writer.write(text));
  }

  async finish(): Promise<void> {
    await this.#withReason(this.#writer.close());
    await this.#passed;
    await this.#output.finish();
  }

  /** Awaits the promise. If it rejects because the output failed, throws the error of the output. */
  async #withReason(written: Promise<void>): Promise<void> {
    try {
      await written;
    } catch (error) {
      await this.#passed;
      throw error;
    }
  }

  async discard(): Promise<void> {
    await this.#writer.abort().catch(() => undefined);
    await this.#passed.catch(() => undefined);
    await this.#output.discard();
  }
}

/** Returns `chunks`. For an encrypted file, returns a function that decrypts them. Each call reads the whole file. */
export async function decrypting(
  file: FileHandle,
  chunks: () => AsyncIterable<Buffer>,
  options: DecryptOptions,
): Promise<() => AsyncIterable<Buffer>> {
  const { buffer } = await file.read(Buffer.alloc(firstLine.length), 0, firstLine.length, 0);
  if (buffer.toString('latin1') !== firstLine) return chunks;
  const { Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  if (options.identity !== undefined) await addIdentities(decrypter, options.identity);
  else decrypter.addPassphrase(await passphraseOf(options, { isNew: false }));
  return () => decrypted(decrypter, chunks());
}

async function* decrypted(
  decrypter: { decrypt(file: globalThis.ReadableStream<Uint8Array>): Promise<globalThis.ReadableStream<Uint8Array>> },
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  let failure: { error: unknown } | undefined;
  async function* noted(): AsyncGenerator<Buffer> {
    try {
      yield* chunks;
    } catch (error) {
      failure = { error };
      throw error;
    }
  }
  try {
    const source = ReadableStream.from<Uint8Array>(noted()) as globalThis.ReadableStream<Uint8Array>;
    for await (const chunk of await decrypter.decrypt(source)) yield asBuffer(chunk);
  } catch (error) {
    if (failure !== undefined) throw failure.error;
    const reason = /no identity matched/.test(messageOf(error))
      ? 'the passphrase or the identity is not one of those that it is encrypted for'
      : `it was cut short or altered (${messageOf(error)})`;
    throw new BackupFault(`the backup cannot be decrypted: ${reason}`);
  }
}

async function addIdentities(decrypter: { addIdentity(text: string): void }, path: string): Promise<void> {
  const lines = (await readNamed(path)).split('\n').map((line) => line.trim());
  const identities = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (identities.length === 0) throw new Error(`--identity: ${path} has no identity of age`);
  for (const identity of identities) {
    try {
      decrypter.addIdentity(identity);
    } catch {
      // The message of the library may contain a part of the secret.
      throw new Error(`--identity: ${path} has a line that is not an identity of age, such as age-keygen writes`);
    }
  }
}

async function passphraseOf(
  { passphraseFile, passphrase }: PassphrasePlace,
  { isNew }: { isNew: boolean },
): Promise<string> {
  const given = passphraseFile === undefined ? passphrase : (await readNamed(passphraseFile)).replace(/\r?\n$/, '');
  if (given === '') throw new Error(`the passphrase is empty${passphraseFile ? `: ${passphraseFile}` : ''}`);
  if (given !== undefined) return given;
  if (process.stdin.isTTY) return askPassphrase({ isNew });
  const ways = '--passphrase-file, or set ZONEWRIGHT_BACKUP_PASSPHRASE';
  throw new Error(
    isNew ? `there is no passphrase: give ${ways}` : `the backup is encrypted: give --identity or ${ways}`,
  );
}

/** Returns a view of the same memory. */
function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
