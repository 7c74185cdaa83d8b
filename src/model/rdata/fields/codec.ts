// The interface of a kind of rdata field: parse and format.

import type { TokenReader } from '../tokens.ts';
import type { WireReader, WireWriter } from '../wire.ts';

export interface FieldCodec {
  /** Takes the field's tokens and writes its octets. Throws InvalidValue. */
  parse(tokens: TokenReader, wire: WireWriter): void;
  /**
   * A fast path for a field that is the whole text of the record: returns the octets that {@link parse} would write.
   * Returns undefined if the text must be read with `parse`.
   */
  parseAlone?(text: string): Uint8Array | undefined;
  /**
   * Reads the field's octets and returns their text. Returns an empty text for an absent field, and undefined for valid
   * octets that only RFC 3597's form can express. Throws InvalidValue for invalid octets.
   */
  format(wire: WireReader): string | undefined;
}
