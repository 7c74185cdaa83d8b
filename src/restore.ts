// `zonewright restore FILE`: opens an empty store by the settings of a replica, and writes a backup into it. The whole
// file is checked before the first write. backup/restore-backup.ts writes the keys, and decides what is refused.

import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { BackupFault, shownLedger } from './backup/backup-format.ts';
import { type BackupSummary, checkBackup } from './backup/read-backup.ts';
import { type RestoreProgress, RestoreRefused, restoreBackup } from './backup/restore-backup.ts';
import { type DecryptOptions, decrypting } from './cli/encryption.ts';
import { type Progress, shownSize } from './cli/progress.ts';
import type { Config } from './config.ts';
import { prepareDataDir } from './data-dir.ts';
import { joinFirst } from './errors.ts';
import { unlessInvalid } from './model/invalid-value.ts';
import type { Logger } from './model/logger.ts';
import type { Fqdn } from './model/name.ts';
import { messageOf } from './model/thrown.ts';
import { openOwnStore } from './open-store.ts';
import { zoneKind, zoneValue } from './store/kinds/zone.ts';
import type { Store } from './store/store.ts';

/** Octets that are read at a time. */
const chunkSize = 256 * 1024;

interface RestoreOptions extends DecryptOptions {
  file: string;
  config: Config;
  /** True: only checks the backup and writes nothing. */
  check: boolean;
  withoutLedger: boolean;
  progress: Progress;
  logger: Logger;
  /** Interrupts the restore, which can be continued later. */
  signal: AbortSignal;
}

/** Returns the text for the operator. Throws an error that says why the restore failed, and what to do. */
export async function restore(options: RestoreOptions): Promise<string> {
  const { file, config, progress } = options;
  const handle = await openBackup(file);
  try {
    const { size } = await handle.stat();
    let octets = 0;
    const stored = async function* (): AsyncGenerator<Buffer> {
      octets = 0;
      for await (const chunk of handle.createReadStream({ start: 0, autoClose: false, highWaterMark: chunkSize })) {
        if (options.signal.aborted) throw new Interrupted();
        octets += chunk.length;
        yield chunk;
      }
    };
    const show = ({ doing, done, total = 0 }: RestoreProgress) =>
      progress.show(() => {
        if (doing === 'check') return `checking: ${shownSize(octets)} of ${shownSize(size)}`;
        if (doing === 'ledger') return `writing the ledger: ${shownSize(done)} of ${shownSize(total)}`;
        return `${doing === 'write' ? 'writing' : 'counting'}: ${done} of ${total} keys`;
      });
    const chunks = await decrypting(handle, stored, options);
    const backup = await checkBackup(chunks(), (done) => show({ doing: 'check', done }));
    if (options.check) return `${file} is whole: ${contentsOf(backup)}, written by version ${backup.header.version}\n`;
    await prepareDataDir(config.dataDir);
    const store = await openOwnStore(config, options.logger);
    let ledger: Awaited<ReturnType<typeof ledgerSink>>;
    let withLayout: Fqdn[] = [];
    try {
      progress.wait('waiting for the store');
      if (!options.withoutLedger) ledger = await ledgerSink(backup, config);
      await restoreBackup(store, backup, chunks(), { wayOut: wayOutOf(config), onProgress: show, ledger });
      if (config.store === 'embedded') withLayout = await zonesWithLayout(store);
    } finally {
      await ledger?.discard();
      await store.close();
    }
    return told(backup, config, ledger?.file) + warningOf(withLayout);
  } catch (error) {
    if (error instanceof Interrupted) throw new Error('interrupted: restore the same file again, to go on');
    if (error instanceof BackupFault) throw new Error(`${file}: ${error.message}: nothing was written`);
    throw error;
  } finally {
    await handle.close();
  }
}

/**
 * Returns the part that writes the ledger of the backup. Returns undefined if the backup has none, or if these settings
 * name no ledger in a file.
 */
async function ledgerSink({ ledgerOctets }: BackupSummary, { ledger, store, replica }: Config) {
  if (ledgerOctets === 0 || ledger.kind !== 'sqlite') return undefined;
  const { RestoredFile } = await import('./ledger/restored-file.ts');
  const file = await RestoredFile.open(ledger.file, ledgerOctets);
  return {
    file: ledger.file,
    // With etcd, the store must say which replica has the file of the ledger. With the embedded store, it is the first
    // replica that opens the ledger, whatever its name is.
    replica: store === 'etcd' ? replica : undefined,
    write: (piece: Buffer) => file.write(piece),
    finish: () => file.finish(),
    discard: () => file.discard(),
  };
}

class Interrupted extends RestoreRefused {
  constructor() {
    super('interrupted');
  }
}

async function openBackup(file: string): Promise<FileHandle> {
  const handle = await open(file).catch((error: unknown) => {
    throw new Error(`${file} cannot be read: ${messageOf(error)}`, { cause: error });
  });
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw new Error(`${file} is not a file: a backup is read twice, so that nothing is written before all is checked`);
}

/** Returns how the operator gets an empty store. */
function wayOutOf({ store, dataDir, etcd }: Config): string {
  if (store === 'embedded') return `move the folder ${join(dataDir, 'store')} away, or choose another --data-dir`;
  return `choose another --etcd-prefix, or delete all keys of this one (etcdctl del --prefix ${etcd.prefix}/)`;
}

function told(
  backup: BackupSummary,
  { store, dataDir, etcd, replica }: Config,
  ledgerFile: string | undefined,
): string {
  const where =
    store === 'embedded'
      ? `the embedded store in ${dataDir}`
      : `etcd at ${etcd.endpoints.join(', ')}, under ${etcd.prefix}`;
  const whose = store === 'etcd' ? ` of the replica '${replica}'` : '';
  const lines = [
    `restored into ${where}: ${contentsOf(backup)}`,
    ...(ledgerFile !== undefined ? [`The ledger${whose} is ${ledgerFile}`] : []),
    ...(ledgerFile === undefined && backup.ledgerOctets > 0 ? ['The ledger of the backup was left out'] : []),
    'Start a replica with the same settings: zonewright serve',
    "The tokens are those of the backup, which has no secrets: the secret of 'admin' is in the file admin-token of the former data directory. Copy this file into the new one",
  ];
  return `${lines.join('\n')}\n`;
}

/** Returns the zones that want the SkyDNS layout. */
async function zonesWithLayout(store: Store): Promise<Fqdn[]> {
  const names: Fqdn[] = [];
  let from: string | undefined;
  do {
    const page = await store.list(zoneKind.prefix, from === undefined ? {} : { from });
    for (const { value } of page.entries) {
      const zone = unlessInvalid(() => zoneValue.decode(value));
      if (zone?.skydns) names.push(zone.name);
    }
    from = page.next;
  } while (from !== undefined);
  return names;
}

function warningOf(withLayout: readonly Fqdn[]): string {
  if (withLayout.length === 0) return '';
  return `This store has no SkyDNS layout, which is for etcd, but these zones want it: ${joinFirst(withLayout)}. Their records are served, also those that others wrote, but changes of others are not followed. Set "skydns" to false in each (PATCH /v1/zones/{zone})\n`;
}

function contentsOf({ header: { revision, at, ledger }, entries, counts }: BackupSummary): string {
  const kinds = Object.entries(counts).map(([kind, count]) => `${count} ${kind}`);
  return `${entries} keys (${kinds.join(', ')}) at revision ${revision}, backed up at ${at}, ${shownLedger[ledger]}`;
}
