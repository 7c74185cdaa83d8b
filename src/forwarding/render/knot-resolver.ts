// Renders for Knot Resolver 5 (Lua) and 6 (YAML).

import { lines, withAt } from './lines.ts';
import type { Renderer } from './renderer.ts';

export const knotResolver5: Renderer = {
  title: 'Knot Resolver 5',
  comment: '--',
  takesPorts: true,
  takesIpv6: true,
  takesSlashes: true,
  render: ({ zones, targets }) => [
    {
      name: 'zones',
      place: 'the end of /etc/knot-resolver/kresd.conf',
      text: lines(
        'local zonewrightZones = policy.todnames({',
        zones.map((zone) => `    '${zone}.',`),
        '})',
        '-- The order matters: STUB ends the search for policies. policy.FORWARD would validate, and answer SERVFAIL.',
        "policy.add(policy.suffix(policy.FLAGS({'NO_CACHE'}), zonewrightZones))",
        `policy.add(policy.suffix(policy.STUB({${targets.map((target) => `'${withAt(target)}'`).join(', ')}}), zonewrightZones))`,
      ),
    },
  ],
};

export const knotResolver6: Renderer = {
  title: 'Knot Resolver 6',
  comment: '#',
  // The option `authoritative` takes no ports.
  takesPorts: false,
  takesIpv6: true,
  takesSlashes: true,
  render: ({ zones, targets }) => [
    {
      name: 'zones',
      place: '/etc/knot-resolver/config.yaml; if it has a list `forward` already, add the items to that.',
      text: lines(
        'forward:',
        '  - subtree:',
        zones.map((zone) => `      - '${zone}.'`),
        '    servers:',
        targets.map(({ address }) => `      - '${address}'`),
        '    options:',
        '      # The targets are no resolvers, and the zones are not signed.',
        '      authoritative: true',
        '      dnssec: false',
      ),
    },
  ],
};
