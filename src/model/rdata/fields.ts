// Every kind of rdata field by the name that the table of types (record-types.ts) uses. How each is read and written: fields/.

import { addressFields } from './fields/addresses.ts';
import { binaryFields } from './fields/binary.ts';
import { bitmapFields } from './fields/bitmaps.ts';
import type { FieldCodec } from './fields/codec.ts';
import { locationFields } from './fields/location.ts';
import { nameFields } from './fields/names.ts';
import { numberFields } from './fields/numbers.ts';
import { parameterFields } from './fields/svc-params.ts';
import { textFields } from './fields/text.ts';

const codecs = {
  ...numberFields,
  ...addressFields,
  ...nameFields,
  ...textFields,
  ...binaryFields,
  ...bitmapFields,
  ...locationFields,
  ...parameterFields,
} satisfies Record<string, FieldCodec>;

export type FieldKind = keyof typeof codecs;

export const fieldCodecs: Readonly<Record<FieldKind, FieldCodec>> = codecs;
