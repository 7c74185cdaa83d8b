// A problem (RFC 9457): the answer to a request that is refused.

import { type ErrorCode, errorCodes } from '../../errors.ts';
import { Type } from '../../model/json-schema.ts';
import { oneOf } from './common.ts';

const codes = Object.keys(errorCodes) as ErrorCode[];

export const Problem = Type.Object(
  {
    type: Type.String({ description: 'A URN of the code' }),
    title: Type.String({ description: 'The meaning of the code' }),
    status: Type.Integer({ description: 'The HTTP status' }),
    detail: Type.String({ description: 'The fault of this request, and how to correct it' }),
    code: oneOf(codes, { description: 'The reason, for programs' }),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          pointer: Type.String({
            description:
              'JSON pointer (RFC 6901) into the body; `?` or `:` with the name of a parameter; `header ` with the name ' +
              'of a header; `line:` of a file',
          }),
          message: Type.String(),
        }),
        { description: 'Each field that is wrong' },
      ),
    ),
  },
  { title: 'Problem', additionalProperties: true, description: 'RFC 9457; some codes have more members' },
);
