// /v1/backup: everything in the store, as a file. backup/backup-spool.ts makes the file.

import type { Readable } from 'node:stream';
import { BackupRunning, NoRoom } from '../../backup/backup-spool.ts';
import { refuse } from '../../errors.ts';
import { LedgerElsewhere, LedgerUnavailable } from '../../ledger/ledger.ts';
import { Type } from '../../model/json-schema.ts';
import { Compacted } from '../../store/store.ts';
import type { Views } from '../../views/views.ts';
import { actorOf } from '../auth.ts';
import { clientSignal } from '../client-signal.ts';
import { ledgerElsewhere } from '../ledger-elsewhere.ts';
import { headersNamed } from '../schemas/answers.ts';
import { strict } from '../schemas/common.ts';
import type { Routes } from '../services.ts';

const backupLines = 'application/x-ndjson';

export const backupRoutes: Routes = async (app, { backups, views }) => {
  app.get(
    '/v1/backup',
    {
      // The answer to HEAD would cost as much as the backup.
      exposeHeadRoute: false,
      schema: {
        operationId: 'readBackup',
        tags: ['operations'],
        summary: 'Back up everything in the store',
        description:
          'All of one revision, while the replica serves. The lines are described in docs/operations.md; the last one has ' +
          'a checksum. `zonewright backup` checks it, and `zonewright restore` reads the file. The file has the hashes of tokens, ' +
          'and none of their secrets. A ledger in a file is in the backup; a ledger in PostgreSQL is not.',
        querystring: strict({
          ledger: Type.Optional(Type.Boolean({ description: '`false` leaves a ledger in a file out', default: true })),
        }),
        refuses: ['backup_running', 'disk_full', 'ledger_elsewhere', 'ledger_unavailable'],
        response: {
          200: {
            description: 'The backup',
            headers: headersNamed('Zonewright-Revision'),
            content: { [backupLines]: { schema: Type.Unsafe<Readable>(Type.String()) } },
          },
        },
      },
    },
    async (request, reply) => {
      const since = Date.now();
      const client = clientSignal(reply);
      const options = { withoutLedger: request.query.ledger === false };
      const made = await backups.make(client, options).catch((error) => refuseFor(error, views, client));
      const { revision, octets, text } = made;
      const { name, id } = actorOf(request);
      const milliseconds = Date.now() - since;
      request.log.info({ token: id, name, revision, octets, milliseconds }, 'everything in the store was backed up');
      return reply
        .type(backupLines)
        .header('content-length', octets)
        .header('content-disposition', `attachment; filename="zonewright-${revision}.backup"`)
        .header('zonewright-revision', String(revision))
        .send(text);
    },
  );
};

function refuseFor(error: unknown, views: Views, client: AbortSignal): never {
  if (client.aborted) refuse('request_timeout', 'the client has gone');
  if (error instanceof BackupRunning)
    refuse('backup_running', 'another backup is being made or sent by this replica: try again when it has ended');
  if (error instanceof NoRoom) refuse('disk_full', error.message);
  const without = 'leave the ledger out with ?ledger=false (zonewright backup --without-ledger)';
  if (error instanceof LedgerElsewhere) throw ledgerElsewhere(error, views, without);
  if (error instanceof LedgerUnavailable)
    refuse('ledger_unavailable', `the ledger cannot be copied: ${error.message}: try again, or ${without}`);
  if (!(error instanceof Compacted)) throw error;
  refuse(
    'store_unavailable',
    'etcd compacts its history more often than a backup takes: give it a longer --auto-compaction-retention',
  );
}
