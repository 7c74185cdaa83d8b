// What is odd about names that are written, and allowed all the same.

import type { NameFinding } from '../../model/check-name.ts';

export type Warning = Pick<NameFinding, 'owner' | 'types' | 'message'>;

/** How many warnings one answer has at most. */
export const greatestWarnings = 100;
