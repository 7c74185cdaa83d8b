// The answer to an import of rows from CSV.

import { Type } from '../../model/json-schema.ts';

const Count = Type.Integer({ minimum: 0 });

export const RowImportBody = Type.Object(
  {
    dryRun: Type.Boolean(),
    counts: Type.Object(
      { rows: Count, created: Count, changed: Count, unchanged: Count, refused: Count },
      { description: 'Numbers of rows; after a dry run, what an import would do' },
    ),
    refused: Type.Array(
      Type.Object({ line: Count, code: Type.String(), message: Type.String() }, { title: 'RefusedRow' }),
      {
        description: 'The first 1,000 rows that were refused although the check found no fault: others wrote meanwhile',
      },
    ),
  },
  { title: 'RowImportResult' },
);
