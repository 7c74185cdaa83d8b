// Renders for Azure DNS Private Resolver.

import { lines } from './lines.ts';
import type { Renderer } from './renderer.ts';
import { resourceName } from './resource-name.ts';

export const azure: Renderer = {
  title: 'Azure DNS Private Resolver',
  comment: '#',
  takesPorts: true,
  takesIpv6: false,
  maxTargets: 6,
  render: ({ zones, targets }) => {
    const servers = targets.map(({ address, port }) => `{ip-address:${address},port:${port}}`).join(',');
    return [
      {
        name: 'zones',
        place: 'a POSIX shell with the az command (extension dns-resolver), and GROUP and RULESET set.',
        text: lines(
          'set -eu',
          '# Creates the rule, or replaces an existing one. Azure wants the dot at the end of the zone.',
          'forward() {',
          '  az dns-resolver forwarding-rule create --resource-group "$GROUP" --ruleset-name "$RULESET" --name "$2" \\',
          `    --domain-name "$1." --forwarding-rule-state Enabled --target-dns-servers "[${servers}]"`,
          '}',
          zones.map((zone) => `forward ${zone} ${resourceName(zone, 80)}`),
        ),
      },
    ];
  },
};
