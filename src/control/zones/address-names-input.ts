// Parses the setting `addressNames` of a zone. A refusal names the path of the field.

import { atField, refuseField } from '../../errors.ts';
import { type AddressNames, addressNamesDefaults, checkAddressNames } from '../../model/address-names.ts';
import { parseRange } from '../../model/address-range.ts';
import { known } from '../../model/unknown.ts';
import { parseList } from '../input/parse-list.ts';

/** The setting as people write it. Each field except `ranges` has a default. */
export type AddressNamesInput = Partial<AddressNames>;

export function parseAddressNames(input: AddressNamesInput): AddressNames {
  const { dashed, dotted, hex, ipv6 } = { ...addressNamesDefaults, ...input };
  // A patch without ranges gets the ranges of the zone before this call.
  if (input.ranges === undefined) refuseField('invalid_request', '/addressNames/ranges', 'is needed');
  const ranges = parseList('/addressNames/ranges', input.ranges, (text) => parseRange(text).text);
  const forms = { dashed: known(dashed), dotted: known(dotted), hex: known(hex), ipv6: known(ipv6) };
  const setting = { ranges: known(ranges), ...forms };
  atField('/addressNames', () => checkAddressNames(setting));
  return setting;
}
