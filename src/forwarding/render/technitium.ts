// Renders for Technitium DNS Server: calls of its HTTP API.

import { formatEndpoint } from '../../model/endpoint.ts';
import { lines } from './lines.ts';
import type { Renderer } from './renderer.ts';

/** Returns the call that adds a target (`ip:port`) to the zone `$1`. */
function addTarget(target = ''): string {
  const record = '-d "zone=$1" -d "domain=$1" -d type=FWD -d protocol=Udp -d dnssecValidation=false';
  return `call records/add ${record} --data-urlencode 'forwarder=${target}'`;
}

export const technitium: Renderer = {
  title: 'Technitium DNS Server',
  comment: '#',
  takesPorts: true,
  takesIpv6: true,
  render: ({ zones, targets }) => {
    const [first, ...others] = targets.map(formatEndpoint);
    return [
      {
        name: 'zones',
        place: 'a POSIX shell, with SERVER and TOKEN set: SERVER=http://localhost:5380 TOKEN=…',
        text: lines(
          'set -eu',
          'call() { path=$1; shift; curl -fsS --get "$SERVER/api/zones/$path" --data-urlencode "token=$TOKEN" "$@"; echo; }',
          '# Creates the forwarder zone (if it exists already, the answer says so), then sets its targets. DNSSEC validation',
          '# is off, because the zones are not signed.',
          'forward() {',
          '  call create -d "zone=$1" -d type=Forwarder -d initializeForwarder=false',
          `  ${addTarget(first)} -d overwrite=true`,
          others.map((other) => `  ${addTarget(other)}`),
          '}',
          zones.map((zone) => `forward ${zone}`),
        ),
      },
    ];
  },
};
