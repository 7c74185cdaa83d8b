// The codec of every kind of rdata field that the table of record types (record-types.ts) has. The codecs are in
// fields/.

import { addressFields } from './fields/addresses.ts';
import { binaryFields } from './fields/binary.ts';
import { bitmapFields } from './fields/bitmaps.ts';
import type { FieldCodec } from './fields/codec.ts';
import { locationFields } from './fields/location.ts';
import { nameFields } from './fields/names.ts';
import { numberFields } from './fields/numbers.ts';
import { parameterFields } from './fields/svc-params.ts';
import { textFields } from './fields/text.ts';
import type { FieldKind } from './record-types.ts';

export const fieldCodecs: Readonly<Record<FieldKind, FieldCodec>> = {
  ...numberFields,
  ...addressFields,
  ...nameFields,
  ...textFields,
  ...binaryFields,
  ...bitmapFields,
  ...locationFields,
  ...parameterFields,
};
