// The names that a Service wants: by the annotations of external-dns, or by the template of the settings. Which of them
// it gets, the grants of the zones say.

import type { ObjectFault, WantedName, WantedRecords } from '../../../control/kubernetes/wanted-object.ts';
import type { Address } from '../../../model/address.ts';
import { type Fqdn, parseName } from '../../../model/name.ts';
import { messageOf } from '../../../model/thrown.ts';
import type { Service } from '../service.ts';
import { parseTarget, readDnsAnnotations, recordsOf, type Target } from './dns-annotations.ts';

export interface NameRules {
  /** Names a load balancer of ours without the annotation `hostname`: `{{name}}.{{namespace}}.apps.example.com`. */
  template?: string;
}

/** `isOurs`: the Service gets its addresses from us. */
export function readServiceNames(
  service: Service,
  isOurs: boolean,
  { template }: NameRules = {},
): { names: WantedName[]; faults: ObjectFault[] } {
  const { isIgnored, hostnames, internalHostnames, targets, ttl, faults } = readDnsAnnotations(service.annotations);
  const names = new Map<Fqdn, WantedName>();
  const add = (name: Fqdn, wanted: Omit<WantedName, 'name' | 'ttl'>) => {
    if (!names.has(name) && (wanted.to === 'addresses' || wanted.to.length > 0))
      names.set(name, { name, ...(ttl !== undefined && { ttl }), ...wanted });
  };
  const to = recordsFor(service, isOurs, faults);
  for (const name of hostnames) add(name, targets === undefined ? { to } : { to: targets, isTarget: true });
  for (const name of internalHostnames) add(name, { to: ofAddresses(service.clusterIPs) });
  if (template !== undefined && isOurs && !isIgnored && hostnames.length === 0) {
    try {
      add(nameOf(template, service), { to });
    } catch (error) {
      faults.push({ what: 'annotation', code: 'invalid_request', message: `--kubernetes-name: ${messageOf(error)}` });
    }
  }
  return { names: [...names.values()], faults };
}

/** Returns what the names of a Service have, as external-dns has it: nothing for a cluster IP. */
function recordsFor(service: Service, isOurs: boolean, faults: ObjectFault[]): 'addresses' | WantedRecords[] {
  const { type, externalIPs, externalName, ingress } = service;
  if (isOurs) return 'addresses';
  if (type === 'ExternalName') {
    const target = externalName === undefined ? undefined : targetOf(externalName, faults);
    return target === undefined ? [] : recordsOf([target]);
  }
  if (externalIPs.length > 0) return ofAddresses(externalIPs);
  if (type !== 'LoadBalancer') return [];
  return recordsOf(ingress.flatMap(({ ip, hostname = '' }) => targetOf(ip ?? hostname, faults) ?? []));
}

function targetOf(text: string, faults: ObjectFault[]): Target | undefined {
  try {
    return parseTarget(text);
  } catch (error) {
    faults.push({ what: 'annotation', code: 'invalid_request', message: messageOf(error) });
    return undefined;
  }
}

function ofAddresses(addresses: readonly Address[]): WantedRecords[] {
  return recordsOf(addresses.map(parseTarget));
}

/** Returns the name that a template gives a Service. Throws InvalidValue. */
function nameOf(template: string, { name, namespace }: Service): Fqdn {
  return parseName(template.replaceAll('{{name}}', () => name).replaceAll('{{namespace}}', () => namespace));
}
