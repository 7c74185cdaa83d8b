// Parses requests about forwarders. A refusal names the path of the field.

import { atField } from '../../errors.ts';
import {
  checkForwarderZone,
  type Forwarder,
  type ForwarderStrategy,
  formatForwarderTarget,
  forwarderDefaults,
  parseForwarderTarget,
} from '../../model/forwarder.ts';
import { type Fqdn, parseName } from '../../model/name.ts';
import { checkAuthorities } from '../../model/pem.ts';
import { known } from '../../model/unknown.ts';
import { parseAllowFrom } from '../input/parse-allow-from.ts';
import { parseList } from '../input/parse-list.ts';
import { parseAll } from '../input/refusals.ts';

/** A forwarder as people write it. */
interface ForwarderInput {
  targets: string[];
  strategy?: ForwarderStrategy;
  timeoutMilliseconds?: number;
  allowFrom?: string[];
  staleSeconds?: number;
  tlsAuthorities?: string;
}

/** Parses the zone in the path of a request. Refuses with `invalid_request`. */
export function parseForwarderZone(text: string): Fqdn {
  return atField(':zone', () => {
    const zone = parseName(text);
    checkForwarderZone(zone);
    return zone;
  });
}

/** Returns the forwarder that the input asks for. Refuses with `invalid_request`. */
export function parseForwarderInput(zoneText: string, input: ForwarderInput): Forwarder {
  const { strategy, timeoutMilliseconds, staleSeconds, tlsAuthorities } = input;
  const [zone, targets, allowFrom] = parseAll(
    () => parseForwarderZone(zoneText),
    () =>
      parseList('/targets', input.targets, (text) => formatForwarderTarget(parseForwarderTarget(text))).map(
        parseForwarderTarget,
      ),
    () => parseAllowFrom('/allowFrom', input.allowFrom ?? [...forwarderDefaults.allowFrom]),
    () => {
      if (tlsAuthorities !== undefined) atField('/tlsAuthorities', () => checkAuthorities(known(tlsAuthorities)));
    },
  );
  return {
    zone,
    targets,
    strategy: strategy ?? forwarderDefaults.strategy,
    timeoutMilliseconds: timeoutMilliseconds ?? forwarderDefaults.timeoutMilliseconds,
    allowFrom,
    ...(staleSeconds !== undefined && { staleSeconds }),
    ...(tlsAuthorities !== undefined && { tlsAuthorities }),
  };
}
