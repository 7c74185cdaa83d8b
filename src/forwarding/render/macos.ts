// Renders for macOS: one file for each zone, which the resolver of macOS reads.

import { lines } from './lines.ts';
import type { Renderer } from './renderer.ts';

export const macos: Renderer = {
  title: 'macOS',
  comment: '#',
  takesPorts: 'one',
  takesIpv6: true,
  maxTargets: 3,
  render: ({ zones, targets }) => [
    {
      name: 'zones',
      place:
        'a shell of the Mac. dig and nslookup do not read these files: check with dscacheutil -q host -a name NAME.',
      text: lines(
        'sudo mkdir -p /etc/resolver',
        zones.flatMap((zone) => [
          `sudo tee /etc/resolver/${zone} > /dev/null << 'END'`,
          ...targets.map(({ address }) => `nameserver ${address}`),
          `port ${targets[0]?.port}`,
          'END',
        ]),
      ),
    },
  ],
};
