// Resolvers of the company, as the API takes and shows them.

import { rendererNames } from '../../forwarding/render/renderers.ts';
import { Type } from '../../model/json-schema.ts';
import { AddressText, LabelText, oneOf, readOnly, strict } from './common.ts';

const Port = Type.Integer({ minimum: 1, maximum: 65535, default: 53 });
const Kind = oneOf([...rendererNames, 'other'], {
  description: 'The program of the resolver, if its configuration can be rendered; `other` if not',
});

export const PutResolver = strict(
  { name: readOnly(LabelText), address: AddressText, port: Type.Optional(Port), kind: Kind },
  'PutResolver',
);

export const ResolverBody = Type.Object(
  { name: LabelText, address: AddressText, port: Port, kind: Type.String() },
  { title: 'Resolver' },
);
