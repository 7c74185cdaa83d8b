// What a kind of rdata field is: its two directions.

import type { TokenReader } from '../tokens.ts';
import type { WireReader, WireWriter } from '../wire.ts';

export interface FieldCodec {
  /** Takes the field's tokens off the front and writes its octets. Throws InvalidValue. */
  parse(tokens: TokenReader, wire: WireWriter): void;
  /**
   * Reads the field's octets. Empty: the field is, and has no text. Undefined: the octets are allowed, but there is no way to write them but RFC 3597's.
   * Throws InvalidValue when they are not allowed.
   */
  format(wire: WireReader): string | undefined;
}
