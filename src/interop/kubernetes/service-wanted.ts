// What a Service wants of us as a load balancer: whether it is ours, and which addresses it asks for. A pure reader of
// one Service. MetalLB's annotations mean here what they mean there, so that manifests need no change.

import { type Address, type Family, familyOf, parseAddress } from '../../model/address.ts';
import type { Port } from '../../model/allocation.ts';
import { messageOf } from '../../model/thrown.ts';
import type { Service } from './service.ts';

/** The class of load balancer whose Services are ours, unless a setting names another one. */
export const defaultClass = 'zonewright.io/lb';
/** The annotation in which we note the addresses that we gave a Service. */
export const givenAnnotation = 'zonewright.io/addresses';
/** The annotation with which MetalLB is asked for addresses. */
export const metallbAddressesAnnotation = 'metallb.io/loadBalancerIPs';

/** The prefixes of annotations, the strongest first. */
const prefixes = ['zonewright.io/', 'metallb.io/', 'metallb.universe.tf/'];

/** Which Services are ours. */
export interface ServiceRules {
  /** Undefined: only Services without a class are ours. */
  class: string | undefined;
  /** True: Services without a class are ours too. */
  isDefault: boolean;
}

/** Addresses that a Service wants. */
export interface ServiceAddresses {
  /** The name of the pool that an annotation names. */
  pool?: string;
  /** In the order of preference. */
  families: Family[];
  /** True: one of the families is enough. */
  prefer: boolean;
  requested: Address[];
  /** Services of one cluster with the same key share an address if their ports differ. */
  sharingKey?: string;
  ports: Port[];
}

/** Why the addresses of a Service cannot be decided on. It keeps the addresses that it has. */
export interface ServiceFault {
  message: string;
}

/** Returns the addresses that a Service wants, or why that is unclear; undefined if it wants none of us. */
export function readAddressesWanted(
  cluster: string,
  service: Service,
  rules: ServiceRules,
): ServiceAddresses | ServiceFault | undefined {
  if (!isOurs(service, rules)) return undefined;
  try {
    return wantedOf(cluster, service);
  } catch (error) {
    return { message: messageOf(error) };
  }
}

function isOurs({ type, loadBalancerClass, isDeleting }: Service, rules: ServiceRules): boolean {
  if (type !== 'LoadBalancer' || isDeleting) return false;
  return loadBalancerClass === undefined ? rules.isDefault : loadBalancerClass === rules.class;
}

function wantedOf(cluster: string, service: Service): ServiceAddresses {
  const pool = annotationOf(service, 'address-pool')?.value;
  const key = annotationOf(service, 'allow-shared-ip')?.value;
  const requested = requestedOf(service);
  const families = service.families.length > 0 ? [...service.families] : requested.map(familyOf);
  const foreign = requested.find((address) => !families.includes(familyOf(address)));
  if (foreign !== undefined)
    throw new Error(`${foreign} is asked for, but spec.ipFamilies has only ${families.map(nameOf).join(', ')}`);
  return {
    ...(pool !== undefined && { pool }),
    families: families.length > 0 ? families : ['ipv4'],
    prefer: service.familyPolicy === 'PreferDualStack',
    requested,
    ...(key !== undefined && { sharingKey: sharingKeyOf(cluster, service, key) }),
    ports: service.ports.map(({ protocol, port }) => ({ protocol, port })),
  };
}

/**
 * Returns the key under which a Service shares an address. As in MetalLB, Services with the traffic policy `Local`
 * share only if they select the same Pods, and never with those of the policy `Cluster`.
 */
function sharingKeyOf(cluster: string, { isLocal, selector }: Service, key: string): string {
  const own = `${cluster}/${key}`;
  if (!isLocal) return own;
  const pods = Object.entries(selector).map(([label, value]) => `${label}=${value}`);
  return `${own} Local ${pods.sort().join(',')}`;
}

/** Returns the addresses that an annotation or `spec.loadBalancerIP` asks for. Throws with a message for people. */
function requestedOf(service: Service): Address[] {
  const { loadBalancerIP } = service;
  const list = isOwnRequest(service) ? undefined : annotationOf(service, 'loadBalancerIPs');
  if (list === undefined)
    return loadBalancerIP === undefined ? [] : [parseWanted(loadBalancerIP, 'spec.loadBalancerIP')];
  if (loadBalancerIP !== undefined)
    throw new Error(`${list.name} and spec.loadBalancerIP both ask for an address: leave one of them out`);
  const addresses = list.value.split(',').map((text) => parseWanted(text.trim(), list.name));
  const distinct = [...new Set(addresses)];
  if (new Set(distinct.map(familyOf)).size < distinct.length)
    throw new Error(`${list.name} has several addresses of one family: a Service has one of each at most`);
  return distinct;
}

/** Returns whether the annotation that asks MetalLB for addresses was written by us, not by a user. */
function isOwnRequest({ annotations }: Service): boolean {
  const given = annotations[givenAnnotation];
  return given !== undefined && given === annotations[metallbAddressesAnnotation];
}

function parseWanted(text: string, field: string): Address {
  try {
    return parseAddress(text);
  } catch (error) {
    throw new Error(`${field}: ${messageOf(error)}`, { cause: error });
  }
}

/** Returns an annotation with the strongest prefix; undefined if it is missing or empty. */
function annotationOf({ annotations }: Service, key: string): { name: string; value: string } | undefined {
  const name = prefixes.map((prefix) => prefix + key).find((one) => (annotations[one] ?? '').trim() !== '');
  return name === undefined ? undefined : { name, value: (annotations[name] as string).trim() };
}

function nameOf(family: Family): string {
  return family === 'ipv4' ? 'IPv4' : 'IPv6';
}
