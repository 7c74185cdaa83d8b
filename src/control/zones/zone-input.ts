// Parses requests about zones: checks the fields of a request and returns a zone. A refusal names the path of the
// field.

import { isDeepStrictEqual } from 'node:util';
import { atField } from '../../errors.ts';
import { parseMailbox } from '../../model/mailbox.ts';
import { parseName, root } from '../../model/name.ts';
import { isKnown, known, unknownValue } from '../../model/unknown.ts';
import { checkZoneName, type SoaSettings, soaDefaults, type Zone, zoneDefaults } from '../../model/zone.ts';
import { mergePatch } from '../input/merge-patch.ts';
import { parseAllowFrom } from '../input/parse-allow-from.ts';
import { parseList } from '../input/parse-list.ts';
import { refuseReadOnly } from '../input/read-only.ts';
import { parseAll } from '../input/refusals.ts';
import { type AddressNamesInput, parseAddressNames } from './address-names-input.ts';

/** The settings of a zone as people write them. Each setting has a default. */
export interface ZoneInput {
  defaultTtl?: number;
  nameservers?: string[];
  soa?: Omit<SoaSettings, 'mname' | 'rname'> & { mname?: string; rname?: string };
  skydns?: boolean;
  stubZones?: boolean;
  stubZonesAllowFrom?: string[];
  addressNames?: AddressNamesInput;
  /** True keeps an automatic zone automatic if the request changes nothing else. True makes no other zone automatic. */
  automatic?: boolean;
}

/** Returns the new zone that the input asks for. Refuses with `invalid_request`. */
export function parseNewZone({ name, ...input }: ZoneInput & { name: string }): Zone {
  const [parsed] = parseAll(
    () => atField('/name', () => parseName(name)),
    () => checkZoneInput(input),
  );
  return parseZoneInput(parsed, input, undefined);
}

/**
 * Returns the zone that `current` becomes with these settings. Without `current`, returns a new zone. Refuses with
 * `invalid_request`.
 */
export function parseZoneInput(name: Zone['name'], input: ZoneInput, current: Zone | undefined): Zone {
  const { defaultTtl = zoneDefaults.defaultTtl, soa = {}, skydns = false, stubZones = false } = input;
  const [nameservers, primary, mailbox, times, addressNames, stubZonesAllowFrom] = parseAll(
    () => parseList('/nameservers', input.nameservers ?? [], parseName),
    () => optional(soa.mname, (text) => atField('/soa/mname', () => parseName(text))),
    () => optional(soa.rname, (text) => atField('/soa/rname', () => parseMailbox(text))),
    () => {
      const { mname: _, rname: __, ...times } = soa;
      return withoutDefaults(times, current);
    },
    () => optional(input.addressNames, parseAddressNames),
    () => optional(input.stubZonesAllowFrom, (texts) => parseAllowFrom('/stubZonesAllowFrom', texts)),
    () => {
      if (current === undefined) atField('/name', () => checkZoneName(known(name)));
    },
  );
  const zone: Zone = {
    name,
    generation: current?.generation ?? zoneDefaults.generation,
    defaultTtl,
    nameservers,
    soa: isKnown(times)
      ? {
          ...times,
          ...(primary !== undefined && { mname: primary }),
          ...(mailbox !== undefined && { rname: mailbox }),
        }
      : unknownValue,
    skydns,
    ...(stubZones && { stubZones }),
    ...(stubZonesAllowFrom !== undefined && { stubZonesAllowFrom }),
    ...(addressNames !== undefined && { addressNames }),
    // After a user has changed it, a zone is no longer automatic: it is not deleted with its last name.
    automatic: false,
  };
  if (input.automatic !== true) return zone;
  if (current?.automatic !== true) refuseReadOnly('/automatic', current?.automatic);
  return isDeepStrictEqual({ ...zone, automatic: true }, current) ? current : zone;
}

function optional<Input, T>(input: Input | undefined, parse: (input: Input) => T): T | undefined {
  return input === undefined ? undefined : parse(input);
}

/**
 * Returns the SOA's times in the request, without times that equal a default which the zone uses. Answers show these
 * defaults too, and a client that sends an answer back must not turn them into settings.
 */
function withoutDefaults(times: SoaSettings, current: Zone | undefined): SoaSettings {
  const isDefault = (field: string) => {
    const name = field as keyof typeof soaDefaults;
    return current !== undefined && current.soa[name] === undefined && times[name] === soaDefaults[name];
  };
  return Object.fromEntries(Object.entries(times).filter(([field]) => !isDefault(field)));
}

/** Refuses with `invalid_request` settings that are faulty for every zone. */
export function checkZoneInput({ automatic: _, ...input }: ZoneInput): void {
  parseZoneInput(root, input, undefined);
}

/** Refuses with `invalid_request` a merge patch that is faulty for every zone. */
export function checkZonePatch(patch: object): void {
  // A patch may leave out the ranges, which the zone may have: they are unknown here.
  checkZoneInput(mergePatch({ addressNames: { ranges: unknownValue } }, patch));
}

/** Returns the zone that `current` becomes with the merge patch. Refuses with `invalid_request`. */
export function parseZonePatch(current: Zone, patch: object): Zone {
  const { name, generation: _, automatic, ...settings } = current;
  const input = { ...settings, ...(automatic && { automatic }) };
  return parseZoneInput(name, mergePatch(input, patch), current);
}
