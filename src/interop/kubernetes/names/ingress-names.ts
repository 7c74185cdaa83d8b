// The names that an Ingress wants: the hosts of its rules and of its certificates, and those of the annotation
// `hostname`. They have the addresses that its controller has written into its status.

import type { ObjectFault, WantedName, WantedRecords } from '../../../control/kubernetes/wanted-object.ts';
import { unlessInvalid } from '../../../model/invalid-value.ts';
import { type Fqdn, parseName } from '../../../model/name.ts';
import type { ApiObject, Resource } from '../client/api-object.ts';
import { fieldsOf, listOf, oneOf, textFieldsOf, textOf, textsOf } from '../read-fields.ts';
import { readIngressPoint } from '../service.ts';
import { type DnsAnnotations, dnsAnnotation, parseTarget, readDnsAnnotations, recordsOf } from './dns-annotations.ts';

export const ingresses: Resource = { group: 'networking.k8s.io', version: 'v1', plural: 'ingresses' };

/** The annotation that says which names count: those of the spec, or those of the annotation. Without it: both. */
const sourceAnnotation = 'ingress-hostname-source';

export function readIngressNames({ metadata, spec, status }: ApiObject): {
  names: WantedName[];
  faults: ObjectFault[];
} {
  const annotations = textFieldsOf(metadata.annotations);
  const read = readDnsAnnotations(annotations);
  const { isIgnored, hostnames, targets, ttl, faults } = read;
  if (isIgnored) return { names: [], faults };
  const source = oneOf(dnsAnnotation(annotations, sourceAnnotation)?.value, ['defined-hosts-only', 'annotation-only']);
  const names = new Set<Fqdn>([
    ...(source === 'annotation-only' ? [] : hostsOf(fieldsOf(spec), faults)),
    ...(source === 'defined-hosts-only' ? [] : hostnames),
  ]);
  const to = targets ?? recordsOfStatus(fieldsOf(fieldsOf(status).loadBalancer));
  return { names: to.length === 0 ? [] : [...names].map((name) => wantedName(name, to, { targets, ttl })), faults };
}

function wantedName(
  name: Fqdn,
  to: WantedRecords[],
  { targets, ttl }: { targets: DnsAnnotations['targets'] | undefined; ttl: number | undefined },
): WantedName {
  return { name, to, ...(ttl !== undefined && { ttl }), ...(targets !== undefined && { isTarget: true }) };
}

/** Returns the hosts of the rules and of the certificates. A rule without a host is for all names. */
function hostsOf(spec: Readonly<Record<string, unknown>>, faults: ObjectFault[]): Fqdn[] {
  const hosts = [
    ...listOf(spec.rules).flatMap((rule) => textOf(fieldsOf(rule).host) ?? []),
    ...listOf(spec.tls).flatMap((tls) => textsOf(fieldsOf(tls).hosts)),
  ];
  return [...new Set(hosts)].flatMap((host) => {
    const name = unlessInvalid(() => parseName(host));
    if (name === undefined)
      faults.push({ what: 'annotation', code: 'invalid_request', message: `the host '${host}' is not a name` });
    return name ?? [];
  });
}

function recordsOfStatus(loadBalancer: Readonly<Record<string, unknown>>): WantedRecords[] {
  const points = listOf(loadBalancer.ingress).map((point) => readIngressPoint(fieldsOf(point)));
  return recordsOf(points.flatMap(({ ip, hostname = '' }) => unlessInvalid(() => parseTarget(ip ?? hostname)) ?? []));
}
