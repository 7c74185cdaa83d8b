// The answer to an import of a zone file.

import type { Static } from 'typebox';
import type { RrsetDifference } from '../../control/zone-file/compare-zone.ts';
import type { ImportProgress } from '../../control/zone-file/import-wanted.ts';
import type { Imported } from '../../control/zone-file/import-zone-file.ts';
import { Type } from '../../model/json-schema.ts';
import { type Fqdn, formatRelativeName } from '../../model/name.ts';
import { NameText, Ttl } from './common.ts';
import { showUnicodeName, UnicodeName } from './unicode-name.ts';

const Count = Type.Integer({ minimum: 0 });
const Content = Type.Union([
  Type.Object({ ttl: Ttl, records: Type.Array(Type.String()) }, { title: 'RRsetContent' }),
  Type.Null(),
]);
const Difference = Type.Object(
  { name: Type.String(), unicodeName: UnicodeName, type: Type.String(), before: Content, after: Content },
  { title: 'RRsetDifference' },
);
type Difference = Static<typeof Difference>;
/** The limit for the differences in an answer, in octets of JSON. */
const maxDifferenceOctets = 4 * 1024 * 1024;

export const ImportBody = Type.Object(
  {
    zone: NameText,
    written: Type.Boolean({ description: 'False after a dry run, or if the file changes nothing' }),
    counts: Type.Object(
      {
        added: Count,
        changed: Count,
        deleted: Count,
        unchanged: Count,
        managed: Type.Integer({
          minimum: 0,
          description: 'RRsets of hosts: an import never changes them',
        }),
        warnings: Count,
      },
      { description: 'Numbers of RRsets, the SOA included; `warnings`: the number of all warnings' },
    ),
    warnings: Type.Array(Type.Object({ line: Count, message: Type.String() }, { title: 'LineWarning' }), {
      description:
        'In the order of their lines, the first 100 of each kind, such as records outside the zone; then how many more ' +
        'there are. Line 0: about a CNAME record of another zone',
    }),
    difference: Type.Optional(
      Type.Array(Difference, {
        description:
          'Only after a dry run: the first 1000 RRsets that would be added, changed or deleted, or fewer if they take ' +
          '4 MiB; `counts` has the numbers of all',
      }),
    ),
  },
  { title: 'ImportResult' },
);

/** Returns a finished import as answers show it. */
export function showImport(
  zone: Fqdn,
  dryRun: boolean,
  { written, counts, warnings, warningCount, differences }: Imported,
): Static<typeof ImportBody> {
  return {
    zone,
    written,
    counts: { ...counts, warnings: warningCount },
    warnings,
    ...(dryRun && { difference: showDifference(zone, differences) }),
  };
}

/** Returns the first differences that fit into the answer. */
function showDifference(zone: Fqdn, differences: readonly RrsetDifference[]) {
  const shown: Difference[] = [];
  let octets = 2;
  for (const { owner, type, before, after } of differences) {
    const name = formatRelativeName(owner, zone);
    const one = { name, ...showUnicodeName(name), type, before: contentOf(before), after: contentOf(after) };
    octets += Buffer.byteLength(JSON.stringify(one)) + 1;
    if (octets > maxDifferenceOctets) break;
    shown.push(one);
  }
  return shown;
}

function contentOf(content: RrsetDifference['before']): Static<typeof Content> {
  return content === undefined ? null : { ttl: content.ttl, records: content.records };
}

/** Returns the progress of an import as answers show it. */
export function showProgress({ phase, done, total }: ImportProgress) {
  return { progress: { phase, done, ...(total !== undefined && { total }) } };
}
