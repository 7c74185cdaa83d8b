// The outbox: `outbox/<ULID>` → the audit events of the transaction that wrote this key. The ledger takes the events,
// then deletes the key. No view follows this kind.

import { deflateRawSync, inflateRawSync } from 'node:zlib';
import {
  type AddressUse,
  type AuditActor,
  type AuditEvent,
  type AuditedDecision,
  eventActions,
  eventResources,
  type Fields,
} from '../../model/audit-event.ts';
import { InvalidValue } from '../../model/invalid-value.ts';
import { Type } from '../../model/json-schema.ts';
import { messageOf } from '../../model/thrown.ts';
import { parseTimestamp } from '../../model/timestamp.ts';
import { ulidPattern } from '../../model/ulid.ts';
import { type FieldsOf, type ValueCodec, valueCodec } from '../codec/value-codec.ts';
import { poolOrNull, text, time } from '../codec/value-fields.ts';
import { storedKind } from './stored-kind.ts';

declare module './stored-kind.ts' {
  interface StoredKinds {
    outbox: { subject: { ulid: string }; value: OutboxEntry };
  }
}

/** The decisions of one transaction, in their order. */
export interface OutboxEntry {
  /** When the transaction was sent to the store, by the replica's clock. */
  at: string;
  replica: string;
  decisions: AuditedDecision[];
  /**
   * Only in a restored store: the key's revision in the store that was backed up. The ids of the events are made from
   * this revision, not from the key's own, because the ledger may have these events already.
   */
  revision?: number;
}

const prefix = 'outbox/';

/** Returns the key of a transaction's events. Each transaction has its own ULID. */
export function outboxKey(ulid: string): string {
  return prefix + ulid;
}

const fieldsOrNull = Type.Unsafe<Fields | null>({ type: ['object', 'null'] });

const actor = Type.Object({
  kind: Type.Union([Type.Literal('token'), Type.Literal('system')]),
  id: text,
  name: text,
  from: Type.Optional(text),
  requestId: Type.Optional(text),
  request: Type.Optional(text),
} satisfies FieldsOf<AuditActor>);

const event = Type.Object({
  resource: Type.Enum([...eventResources]),
  action: Type.Enum([...eventActions]),
  name: text,
  before: fieldsOrNull,
  after: fieldsOrNull,
  digest: Type.Optional(Type.Literal(true)),
} satisfies FieldsOf<AuditEvent>);

const use = Type.Object({
  space: text,
  address: text,
  action: Type.Union([Type.Literal('taken'), Type.Literal('released')]),
  holder: text,
  owner: text,
  pool: poolOrNull,
} satisfies FieldsOf<AddressUse>);

const decision = Type.Object({
  actor,
  events: Type.Array(event),
  uses: Type.Array(use),
} satisfies FieldsOf<AuditedDecision>);

const plain: ValueCodec<OutboxEntry> = valueCodec({
  at: time,
  replica: text,
  decisions: Type.Array(decision),
  revision: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
} satisfies FieldsOf<OutboxEntry>);
const packed = valueCodec({ deflated: text });
const packedBegin = '{"v":1,"deflated":';

/**
 * Characters of the longest text that is stored as it is. A longer one is compressed. Only the uses of an address that
 * thousands of holders share are longer, and they compress well.
 */
const maxPlain = 512 * 1024;

export const outboxValue: ValueCodec<OutboxEntry> = {
  /** Compresses a long value: together with the rest of its transaction, it must fit into a request to etcd. */
  encode: (entry) => packedIfLong(plain.encode(entry)),
  decode: (text) => plain.decode(text.startsWith(packedBegin) ? inflated(packed.decode(text).deflated) : text),
};

/** Returns the value for decisions that are already JSON. */
export function outboxText(at: string, replica: string, decisions: readonly string[]): string {
  const [time, name] = [JSON.stringify(at), JSON.stringify(replica)];
  return packedIfLong(`{"v":1,"at":${time},"replica":${name},"decisions":[${decisions.join()}]}`);
}

function packedIfLong(text: string): string {
  if (text.length <= maxPlain) return text;
  return packed.encode({ deflated: deflateRawSync(text, { level: 1 }).toString('base64') });
}

function inflated(base64: string): string {
  try {
    return inflateRawSync(Buffer.from(base64, 'base64')).toString();
  } catch (error) {
    throw new InvalidValue(`the stored value cannot be decompressed: ${messageOf(error)}`);
  }
}

export const outboxKind = storedKind('outbox', {
  prefix,
  key: ({ ulid }) => outboxKey(ulid),
  subjectOf: ([ulid = '']) => (ulidPattern.test(ulid) ? { ulid } : undefined),
  read: (_, text) => {
    const entry = outboxValue.decode(text);
    parseTimestamp(entry.at);
    return entry;
  },
});
