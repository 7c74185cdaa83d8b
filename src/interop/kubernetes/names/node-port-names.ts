// The names of Services of the type NodePort, so that nobody needs to know the number of the port: for each named port
// an SRV `_http._tcp.<name>` with the node port, and each node under `<node>.nodes.<name>`.

import type { WantedName } from '../../../control/kubernetes/wanted-object.ts';
import { type Address, parseAddress } from '../../../model/address.ts';
import { unlessInvalid } from '../../../model/invalid-value.ts';
import { type Fqdn, parseName } from '../../../model/name.ts';
import type { ApiObject, Resource } from '../client/api-object.ts';
import { fieldsOf, listOf, textOf } from '../read-fields.ts';
import type { Service } from '../service.ts';
import { parseTarget, readDnsAnnotations, recordsOf } from './dns-annotations.ts';

export const nodes: Resource = { group: '', version: 'v1', plural: 'nodes' };

export interface Node {
  name: string;
  addresses: readonly Address[];
}

/** Returns a node with its external addresses or, if it has none, its internal ones. */
export function readNode({ metadata: { name }, status }: ApiObject): Node {
  const all = listOf(fieldsOf(status).addresses).map(fieldsOf);
  const ofType = (type: string) =>
    all
      .filter((one) => one.type === type)
      .flatMap(({ address }) => unlessInvalid(() => parseAddress(textOf(address) ?? '')) ?? []);
  const external = ofType('ExternalIP');
  return { name, addresses: external.length > 0 ? external : ofType('InternalIP') };
}

/** `reachable`: the nodes of the cluster. The faults of the annotations are told by service-names.ts. */
export function readNodePortNames(service: Service, reachable: readonly Node[]): WantedName[] {
  if (service.type !== 'NodePort') return [];
  const { hostnames, targets, ttl } = readDnsAnnotations(service.annotations);
  if (targets !== undefined) return [];
  const withTtl = (wanted: WantedName) => ({ ...wanted, ...(ttl !== undefined && { ttl }) });
  return hostnames.flatMap((name) => {
    const named = reachable.flatMap((node) => {
      const host = parsed(`${node.name}.nodes.${name}`);
      return host === undefined || node.addresses.length === 0 ? [] : [{ host, addresses: node.addresses }];
    });
    const ports = service.ports.flatMap(({ name: port, protocol, nodePort }): WantedName[] => {
      const owner = port === undefined ? undefined : parsed(`_${port}._${protocol}.${name}`);
      if (owner === undefined || nodePort === undefined || named.length === 0) return [];
      const values = named.map(({ host }) => `0 0 ${nodePort} ${host}.`);
      return [{ name: owner, to: [{ type: 'SRV', values }] }];
    });
    const hosts = named.map(({ host, addresses }) => ({ name: host, to: recordsOf(addresses.map(parseTarget)) }));
    return ports.length === 0 ? [] : [...ports, ...hosts].map(withTtl);
  });
}

/** Returns a name; undefined if it is too long. */
function parsed(text: string): Fqdn | undefined {
  return unlessInvalid(() => parseName(text));
}
