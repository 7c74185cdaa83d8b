// What an import of a zone file answers.

import { type Static, Type } from '@fastify/type-provider-typebox';
import type { Imported, ImportProgress } from '../../control/import-zone-file.ts';
import { type Fqdn, formatRelativeName } from '../../model/name.ts';
import { NameText, Ttl } from './common.ts';

const Count = Type.Integer({ minimum: 0 });
const Content = Type.Union([Type.Object({ ttl: Ttl, records: Type.Array(Type.String()) }), Type.Null()]);

export const ImportBody = Type.Object({
  zone: NameText,
  written: Type.Boolean({ description: 'False: a dry run, or the zone was so already' }),
  counts: Type.Object(
    {
      added: Count,
      changed: Count,
      deleted: Count,
      unchanged: Count,
      managed: Type.Integer({ minimum: 0, description: 'Of hosts: they stay, in the file or not' }),
      warnings: Count,
    },
    { description: 'RRsets, the SOA among them' },
  ),
  warnings: Type.Array(Type.Object({ line: Count, message: Type.String() }), { description: 'The first 100' }),
  difference: Type.Optional(
    Type.Array(Type.Object({ name: Type.String(), type: Type.String(), before: Content, after: Content }), {
      description: 'Of a dry run: the first 1000 RRsets that would be added, changed or deleted',
    }),
  ),
});

export function showImport(
  zone: Fqdn,
  dryRun: boolean,
  { written, counts, warnings, warningCount, differences }: Imported,
): Static<typeof ImportBody> {
  const show = (content: { ttl: number; records: string[] } | undefined) =>
    content === undefined ? null : { ttl: content.ttl, records: content.records };
  return {
    zone,
    written,
    counts: { ...counts, warnings: warningCount },
    warnings,
    ...(dryRun && {
      difference: differences.map(({ owner, type, before, after }) => ({
        name: formatRelativeName(owner, zone),
        type,
        before: show(before),
        after: show(after),
      })),
    }),
  };
}

export function showProgress({ phase, done, total }: ImportProgress) {
  return { progress: { phase, done, ...(total !== undefined && { total }) } };
}
