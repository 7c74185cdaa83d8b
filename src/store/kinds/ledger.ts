// The ledger: `ledger/home` → which ledger has the history of this store, and where the ledger is. No view follows this
// kind.

import { Type } from '../../model/json-schema.ts';
import { type FieldsOf, type ValueCodec, valueCodec } from '../codec/value-codec.ts';
import { text, time } from '../codec/value-fields.ts';
import { storedKind } from './stored-kind.ts';

declare module './stored-kind.ts' {
  interface StoredKinds {
    ledger: { subject: { entry: 'home' }; value: LedgerHome };
  }
}

export interface LedgerHome {
  kind: 'sqlite' | 'postgresql';
  /** The identity of the ledger; missing until the ledger is opened. */
  ledger?: string;
  /**
   * The replica that has the ledger's file. Missing if the ledger is a database that all replicas reach, and in a
   * restored store whose ledger no replica has opened yet.
   */
  replica?: string;
  /** The events that were dropped because too many waited for the ledger; missing if there are none. */
  lost?: LostEvents;
}

/** Transactions whose events are lost. `from` and `until` are the times of the oldest and the newest transaction. */
export interface LostEvents {
  transactions: number;
  from: string;
  until: string;
  /** The gaps in the history, in order. */
  gaps?: LostGap[];
}

/** A gap in the history. `first` and `last` are the revisions of the first and the last lost transaction. */
export interface LostGap {
  first: number;
  last: number;
  from: string;
  until: string;
}

const prefix = 'ledger/';

export const ledgerHomeKey = `${prefix}home`;

const revision = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const gap = Type.Object({ first: revision, last: revision, from: time, until: time } satisfies FieldsOf<LostGap>);

export const ledgerHomeValue: ValueCodec<LedgerHome> = valueCodec({
  kind: Type.Union([Type.Literal('sqlite'), Type.Literal('postgresql')]),
  ledger: Type.Optional(text),
  replica: Type.Optional(text),
  lost: Type.Optional(
    Type.Object({
      transactions: Type.Integer({ minimum: 1 }),
      from: time,
      until: time,
      gaps: Type.Optional(Type.Array(gap)),
    } satisfies FieldsOf<LostEvents>),
  ),
} satisfies FieldsOf<LedgerHome>);

export const ledgerKind = storedKind('ledger', {
  prefix,
  key: ({ entry }) => prefix + entry,
  subjectOf: ([entry]) => (entry === 'home' ? { entry } : undefined),
  read: (_, text) => ledgerHomeValue.decode(text),
});
