// A value that a transaction writes, as its writer has it: so nobody has to read it again from its text.

import type { KindName, Subject, Value } from '../../store/kinds/stored-kind.ts';

export interface WrittenValue<Name extends KindName = KindName> {
  subject: Subject<Name>;
  /** The value in the views. The compare of the key proves it. */
  before: Value<Name> | undefined;
  value: Value<Name>;
}
