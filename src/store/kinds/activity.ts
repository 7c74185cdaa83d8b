// Activity of tokens: `activity/<token>` → when the token was last used, to the hour. The time has a key of its own: in
// the token's value, each use would be a change of the token that users see.

import { parseTimestamp } from '../../model/timestamp.ts';
import { requireEqual } from '../codec/value-checks.ts';
import { type FieldsOf, type ValueCodec, valueCodec } from '../codec/value-codec.ts';
import { text, time } from '../codec/value-fields.ts';
import { storedKind } from './stored-kind.ts';

declare module './stored-kind.ts' {
  interface StoredKinds {
    activity: { subject: { token: string }; value: Activity };
  }
}

export interface Activity {
  token: string;
  /** The beginning of the hour in which the token was last used. */
  lastUsedAt: string;
}

const prefix = 'activity/';

export function activityKey(token: string): string {
  return prefix + token;
}

export const activityValue: ValueCodec<Activity> = valueCodec({
  token: text,
  lastUsedAt: time,
} satisfies FieldsOf<Activity>);

export const activityKind = storedKind('activity', {
  prefix,
  key: ({ token }) => activityKey(token),
  subjectOf: ([token = '']) => ({ token }),
  read: ({ token }, text) => {
    const value = activityValue.decode(text);
    requireEqual(value.token, token);
    parseTimestamp(value.lastUsedAt);
    return value;
  },
});
