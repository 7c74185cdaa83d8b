// Leaders: `leaders/<task>` → the replica that does a task for all replicas, on a lease.

import { Type } from '../../model/json-schema.ts';
import { type FieldsOf, type ValueCodec, valueCodec } from '../codec/value-codec.ts';
import { storedKind } from './stored-kind.ts';

declare module './stored-kind.ts' {
  interface StoredKinds {
    leader: { subject: { task: string }; value: Leader };
  }
}

interface Leader {
  replica: string;
}

const prefix = 'leaders/';

export function leaderKey(task: string): string {
  return prefix + encodeURIComponent(task);
}

export const leaderValue: ValueCodec<Leader> = valueCodec({
  replica: Type.String({ minLength: 1 }),
} satisfies FieldsOf<Leader>);

export const leaderKind = storedKind('leader', {
  prefix,
  key: ({ task }) => leaderKey(task),
  subjectOf: ([task = '']) => ({ task: decodeURIComponent(task) }),
  read: (_, text) => leaderValue.decode(text),
});
