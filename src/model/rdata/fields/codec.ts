// The interface of a kind of rdata field: parse and format.

import type { TokenReader } from '../tokens.ts';
import type { WireReader, WireWriter } from '../wire.ts';

export interface FieldCodec {
  /** Takes the field's tokens and writes its octets. Throws InvalidValue. */
  parse(tokens: TokenReader, wire: WireWriter): void;
  /**
   * Returns the octets of a field that is all of the record's text. Undefined if the text must be read with
   * {@link parse}, which returns the same octets for all others too, but takes longer.
   */
  parseAlone?(text: string): Uint8Array | undefined;
  /**
   * Reads the field's octets and returns their text. An empty text: the field has none. Undefined: the octets are
   * valid, but only RFC 3597's form can express them. Throws InvalidValue when they are not valid.
   */
  format(wire: WireReader): string | undefined;
}
