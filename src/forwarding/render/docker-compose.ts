// Renders for Docker Compose: the resolvers of one container.

import { lines } from './lines.ts';
import type { Renderer } from './renderer.ts';

export const dockerCompose: Renderer = {
  title: 'Docker Compose',
  comment: '#',
  takesPorts: false,
  takesIpv6: true,
  render: ({ zones, targets }) => [
    {
      name: 'services',
      place: 'the service in docker-compose.yml whose names are to resolve; replace `app` by its name.',
      text: lines(
        `# Docker asks these for every name. They refuse all but ${zones.join(', ')},`,
        '# and Docker then asks the next one: so your usual resolver comes last.',
        'services:',
        '  app:',
        '    dns:',
        targets.map(({ address }) => `      - "${address}"`),
        '      # - "192.0.2.53"',
      ),
    },
  ],
};
