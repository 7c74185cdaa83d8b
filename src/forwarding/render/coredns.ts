// Renders for CoreDNS: a server block of the Corefile, and a ConfigMap for Kubernetes.

import { formatEndpoint } from '../../model/endpoint.ts';
import { lines } from './lines.ts';
import type { ForwardedZones, Renderer } from './renderer.ts';

function serverBlock({ zones, targets }: ForwardedZones): string[] {
  return [
    `${zones.map((zone) => `${zone}:53`).join(' ')} {`,
    '    errors',
    '    # A short cache of denials: a new name resolves soon, also for those who asked too early.',
    '    cache 30 {',
    '        denial 9984 5',
    '    }',
    '    # Asks the targets in this order: the next one if one is silent.',
    `    forward . ${targets.map(formatEndpoint).join(' ')} {`,
    '        policy sequential',
    '    }',
    '}',
  ];
}

const limits = { comment: '#', takesPorts: true, takesIpv6: true, maxTargets: 15 } as const;

export const coredns: Renderer = {
  ...limits,
  title: 'CoreDNS',
  render: (wanted) => [
    {
      name: 'zones',
      place: 'a server block of the Corefile; replace 53 where CoreDNS listens on another port',
      text: lines(serverBlock(wanted)),
    },
  ],
};

export const kubernetesCoredns: Renderer = {
  ...limits,
  title: 'CoreDNS in Kubernetes',
  render: (wanted) => [
    {
      name: 'zones',
      place: 'kubectl apply -f -, in clusters whose Corefile imports custom/*.server (K3s, AKS and others).',
      text: lines(
        '# In other clusters, paste the server block into the Corefile: kubectl -n kube-system edit configmap coredns.',
        'apiVersion: v1',
        'kind: ConfigMap',
        'metadata:',
        '  name: coredns-custom',
        '  namespace: kube-system',
        'data:',
        '  zonewright.server: |',
        serverBlock(wanted).map((line) => `    ${line}`),
      ),
    },
  ],
};
