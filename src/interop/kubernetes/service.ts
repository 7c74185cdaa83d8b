// A Service as all readers here need it: the few fields that we use, with the API server's defaults where a field is
// missing. What it means is said elsewhere: its address in service-wanted.ts, its names in names/.

import { type Address, type Family, parseAddress } from '../../model/address.ts';
import type { Port } from '../../model/allocation.ts';
import { unlessInvalid } from '../../model/invalid-value.ts';
import { type ApiObject, identityOf, type ObjectIdentity } from './client/api-object.ts';
import { countOf, fieldsOf, listOf, oneOf, textFieldsOf, textOf, textsOf } from './read-fields.ts';

const types = ['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'] as const;
const familyPolicies = ['SingleStack', 'PreferDualStack', 'RequireDualStack'] as const;
const familyNames: Readonly<Record<string, Family>> = { IPv4: 'ipv4', IPv6: 'ipv6' };

export interface ServicePort extends Port {
  /** A Service with one port may leave it out. */
  name?: string;
  nodePort?: number;
}

export interface IngressPoint {
  ip?: Address;
  hostname?: string;
  ipMode?: string;
}

export interface Service extends ObjectIdentity {
  resourceVersion: string;
  /** RFC 3339, as the server wrote it; empty if it did not. */
  createdAt: string;
  /** True once somebody has deleted the Service. It stays until its last finalizer is removed. */
  isDeleting: boolean;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  finalizers: readonly string[];
  type: (typeof types)[number];
  loadBalancerClass?: string;
  /** As it was written: the server does not check it. */
  loadBalancerIP?: string;
  externalName?: string;
  isHeadless: boolean;
  clusterIPs: readonly Address[];
  externalIPs: readonly Address[];
  /** In the order of preference. */
  families: readonly Family[];
  familyPolicy: (typeof familyPolicies)[number];
  ports: readonly ServicePort[];
  /** True: traffic goes only to Pods of the node where it arrives. */
  isLocal: boolean;
  selector: Readonly<Record<string, string>>;
  /** `status.loadBalancer.ingress`. */
  ingress: readonly IngressPoint[];
}

/** kubectl writes a copy of the whole object there. It is not kept in memory. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

export function readService(object: ApiObject): Service {
  const { metadata } = object;
  const spec = fieldsOf(object.spec);
  const status = fieldsOf(fieldsOf(object.status).loadBalancer);
  const { [lastApplied]: _, ...annotations } = textFieldsOf(metadata.annotations);
  const clusterIPs = textsOf(spec.clusterIPs);
  const loadBalancerClass = textOf(spec.loadBalancerClass);
  const loadBalancerIP = textOf(spec.loadBalancerIP);
  const externalName = textOf(spec.externalName);
  return {
    ...identityOf(object),
    resourceVersion: metadata.resourceVersion,
    createdAt: textOf(metadata.creationTimestamp) ?? '',
    isDeleting: textOf(metadata.deletionTimestamp) !== undefined,
    labels: textFieldsOf(metadata.labels),
    annotations,
    finalizers: textsOf(metadata.finalizers),
    type: oneOf(spec.type, types) ?? 'ClusterIP',
    ...(loadBalancerClass !== undefined && { loadBalancerClass }),
    ...(loadBalancerIP !== undefined && { loadBalancerIP }),
    ...(externalName !== undefined && { externalName }),
    isHeadless: clusterIPs.includes('None') || spec.clusterIP === 'None',
    clusterIPs: addressesOf(clusterIPs.length > 0 ? clusterIPs : textsOf([spec.clusterIP])),
    externalIPs: addressesOf(textsOf(spec.externalIPs)),
    families: textsOf(spec.ipFamilies).flatMap((name) => familyNames[name] ?? []),
    familyPolicy: oneOf(spec.ipFamilyPolicy, familyPolicies) ?? 'SingleStack',
    ports: listOf(spec.ports).flatMap((port) => readPort(fieldsOf(port)) ?? []),
    isLocal: spec.externalTrafficPolicy === 'Local',
    selector: textFieldsOf(spec.selector),
    ingress: listOf(status.ingress).map((point) => readIngressPoint(fieldsOf(point))),
  };
}

function readPort(fields: Readonly<Record<string, unknown>>): ServicePort | undefined {
  const port = countOf(fields.port);
  const protocol = oneOf((textOf(fields.protocol) ?? 'TCP').toLowerCase(), ['tcp', 'udp', 'sctp']);
  if (port === undefined || protocol === undefined) return undefined;
  const name = textOf(fields.name);
  // The server writes 0 where a Service has no node port.
  const nodePort = countOf(fields.nodePort) || undefined;
  return { protocol, port, ...(name !== undefined && { name }), ...(nodePort !== undefined && { nodePort }) };
}

/** Reads a point at which a Service or an Ingress is reached, in their status. */
export function readIngressPoint(fields: Readonly<Record<string, unknown>>): IngressPoint {
  const [ip] = addressesOf(textsOf([fields.ip]));
  const hostname = textOf(fields.hostname);
  const ipMode = textOf(fields.ipMode);
  return {
    ...(ip !== undefined && { ip }),
    ...(hostname !== undefined && { hostname }),
    ...(ipMode !== undefined && { ipMode }),
  };
}

function addressesOf(texts: readonly string[]): Address[] {
  return texts.flatMap((text) => unlessInvalid(() => parseAddress(text)) ?? []);
}
