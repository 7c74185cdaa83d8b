// The names of headless Services: each hostname of the annotations has the addresses of all ready endpoints, and each
// endpoint with a host name has its own address below it.

import type { WantedName } from '../../../control/kubernetes/wanted-object.ts';
import { type Address, parseAddress } from '../../../model/address.ts';
import { unlessInvalid } from '../../../model/invalid-value.ts';
import { type Fqdn, parseName } from '../../../model/name.ts';
import { type ApiObject, identityOf, type Resource } from '../client/api-object.ts';
import { fieldsOf, listOf, textOf, textsOf } from '../read-fields.ts';
import type { Service } from '../service.ts';
import { parseTarget, readDnsAnnotations, recordsOf } from './dns-annotations.ts';

export const endpointSlices: Resource = { group: 'discovery.k8s.io', version: 'v1', plural: 'endpointslices' };

/** The ready endpoints of a Service. It may have several slices, at least one of each family. */
export interface EndpointSlice {
  namespace: string;
  /** The name of the slice. */
  name: string;
  /** The name of its Service; undefined if it has none. */
  service: string | undefined;
  endpoints: readonly { address: Address; hostname: string | undefined }[];
}

export function readEndpointSlice(object: ApiObject): EndpointSlice {
  const { namespace, name } = identityOf(object);
  return {
    namespace,
    name,
    service: object.metadata.labels?.['kubernetes.io/service-name'],
    endpoints: listOf(object.endpoints)
      .map(fieldsOf)
      // Without the condition, an endpoint is ready.
      .filter(({ conditions }) => fieldsOf(conditions).ready !== false)
      .flatMap(({ addresses, hostname }) => {
        const [first = ''] = textsOf(addresses);
        const address = unlessInvalid(() => parseAddress(first));
        return address === undefined ? [] : [{ address, hostname: textOf(hostname) }];
      }),
  };
}

/** `slices`: those of the Service. The faults of its annotations are told by service-names.ts. */
export function readHeadlessNames(service: Service, slices: readonly EndpointSlice[]): WantedName[] {
  if (!service.isHeadless) return [];
  const { hostnames, targets, ttl } = readDnsAnnotations(service.annotations);
  // Targets are there in place of the endpoints.
  if (targets !== undefined) return [];
  const endpoints = slices.flatMap((slice) => slice.endpoints);
  const namesOfHosts = [...new Set(endpoints.flatMap(({ hostname }) => hostname ?? []))];
  const ofService = hostnames.flatMap((name) =>
    wantedName(
      name,
      endpoints.map(({ address }) => address),
      ttl,
    ),
  );
  const ofHosts = hostnames.flatMap((name) =>
    namesOfHosts.flatMap((host) =>
      wantedName(
        `${host}.${name}`,
        endpoints.filter(({ hostname }) => hostname === host).map(({ address }) => address),
        ttl,
      ),
    ),
  );
  // A hostname of the annotation may also be the name of an endpoint below another one. It then has all endpoints.
  const names = new Map<Fqdn, WantedName>();
  for (const wanted of [...ofService, ...ofHosts]) if (!names.has(wanted.name)) names.set(wanted.name, wanted);
  return [...names.values()];
}

/** Returns a name with these addresses; nothing if it has none, or if the name is too long. */
function wantedName(text: string, addresses: readonly Address[], ttl: number | undefined): WantedName[] {
  const name = unlessInvalid(() => parseName(text));
  const to = recordsOf(addresses.map(parseTarget));
  return name === undefined || to.length === 0 ? [] : [{ name, to, ...(ttl !== undefined && { ttl }) }];
}
