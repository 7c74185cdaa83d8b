// Renders for Google Cloud DNS: its forwarding zones.

import { lines } from './lines.ts';
import type { Renderer } from './renderer.ts';
import { resourceName } from './resource-name.ts';

export const googleCloud: Renderer = {
  title: 'Google Cloud DNS',
  comment: '#',
  takesPorts: false,
  takesIpv6: false,
  render: ({ zones, targets }) => {
    const addresses = targets.map(({ address }) => address).join(',');
    return [
      {
        name: 'zones',
        place: 'a POSIX shell with the gcloud command, and NETWORKS (of the VPC) set.',
        text: lines(
          'set -eu',
          '# Queries come from 35.199.192.0/19: let them reach the targets, and route the answers back to the VPC.',
          '# --private-forwarding-targets: through the VPC, also to addresses that are not private.',
          'forward() {',
          '  if gcloud dns managed-zones describe "$2" > /dev/null 2>&1; then',
          `    gcloud dns managed-zones update "$2" --private-forwarding-targets=${addresses}`,
          '  else',
          '    gcloud dns managed-zones create "$2" --dns-name="$1." --description="Forwarded to Zonewright" \\',
          `      --visibility=private --networks="$NETWORKS" --private-forwarding-targets=${addresses}`,
          '  fi',
          '}',
          zones.map((zone) => `forward ${zone} ${resourceName(zone, 63)}`),
        ),
      },
    ];
  },
};
