// What a Service wants: a table of specs and annotations.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readService } from '../../../src/interop/kubernetes/service.ts';
import {
  readAddressesWanted,
  type ServiceAddresses,
  type ServiceFault,
  type ServiceRules,
} from '../../../src/interop/kubernetes/service-wanted.ts';

const ours: ServiceRules = { class: 'zonewright.io/lb', isDefault: false };
const byDefault: ServiceRules = { class: 'zonewright.io/lb', isDefault: true };
const withoutClass: ServiceRules = { class: undefined, isDefault: true };

const basic = {
  type: 'LoadBalancer',
  ipFamilies: ['IPv4'],
  ipFamilyPolicy: 'SingleStack',
  ports: [{ port: 8080, protocol: 'TCP' }],
};
const plain: ServiceAddresses = {
  families: ['ipv4'],
  prefer: false,
  requested: [],
  ports: [{ protocol: 'tcp', port: 8080 }],
};

function wanted(spec: object, annotations: object = {}, rules = byDefault, metadata: object = {}) {
  const object = {
    metadata: {
      namespace: 'default',
      name: 'nginx',
      uid: 'u1',
      resourceVersion: '1',
      annotations: annotations as Record<string, string>,
      ...metadata,
    },
    spec: { ...basic, ...spec },
  };
  return readAddressesWanted('lab', readService(object), rules);
}

const classes: [what: string, spec: object, rules: ServiceRules, isOurs: boolean][] = [
  ['our class', { loadBalancerClass: 'zonewright.io/lb' }, ours, true],
  ['our class where we are the default', { loadBalancerClass: 'zonewright.io/lb' }, byDefault, true],
  ['no class', {}, ours, false],
  ['no class where we are the default', {}, byDefault, true],
  ['another class', { loadBalancerClass: 'metallb' }, byDefault, false],
  ['our class where only those without are ours', { loadBalancerClass: 'zonewright.io/lb' }, withoutClass, false],
  ['no class where only those without are ours', {}, withoutClass, true],
  ['a ClusterIP', { type: 'ClusterIP' }, byDefault, false],
  ['a NodePort', { type: 'NodePort' }, byDefault, false],
  ['an unknown type', { type: 'Other' }, byDefault, false],
];
for (const [what, spec, rules, isOurs] of classes) {
  test(`${what}: ${isOurs ? 'ours' : 'not ours'}`, () => assert.equal(wanted(spec, {}, rules) !== undefined, isOurs));
}

test('a Service that is being deleted wants nothing', () => {
  assert.equal(wanted({}, {}, byDefault, { deletionTimestamp: '2026-12-01T03:00:00Z' }), undefined);
});

const dual = { ipFamilies: ['IPv6', 'IPv4'] };
const addresses: [what: string, spec: object, annotations: object, expected: Partial<ServiceAddresses>][] = [
  ['nothing special', {}, {}, {}],
  ['the pool', {}, { 'metallb.io/address-pool': 'lan' }, { pool: 'lan' }],
  ['the pool, old prefix', {}, { 'metallb.universe.tf/address-pool': 'lan' }, { pool: 'lan' }],
  [
    'the pool, both prefixes',
    {},
    { 'metallb.universe.tf/address-pool': 'old', 'metallb.io/address-pool': 'new' },
    { pool: 'new' },
  ],
  [
    'the pool, our prefix',
    {},
    { 'zonewright.io/address-pool': 'own', 'metallb.io/address-pool': 'new' },
    { pool: 'own' },
  ],
  ['an empty annotation', {}, { 'metallb.io/address-pool': ' ', 'metallb.io/allow-shared-ip': '' }, {}],
  ['loadBalancerIP', { loadBalancerIP: '78.11.24.19' }, {}, { requested: ['78.11.24.19'] as never }],
  ['loadBalancerIPs', {}, { 'metallb.io/loadBalancerIPs': '10.0.0.7' }, { requested: ['10.0.0.7'] as never }],
  [
    'loadBalancerIPs of both families, with blanks and in long form',
    dual,
    { 'metallb.universe.tf/loadBalancerIPs': ' 10.0.0.7 , FD00:0::07' },
    { families: ['ipv6', 'ipv4'], requested: ['10.0.0.7', 'fd00::7'] as never },
  ],
  ['an address twice', {}, { 'metallb.io/loadBalancerIPs': '10.0.0.7,10.0.0.7' }, { requested: ['10.0.0.7'] as never }],
  [
    'what we ourselves asked MetalLB for',
    { loadBalancerIP: '10.0.0.8' },
    { 'metallb.io/loadBalancerIPs': '10.0.0.7', 'zonewright.io/addresses': '10.0.0.7' },
    { requested: ['10.0.0.8'] as never },
  ],
  [
    'another address than we asked MetalLB for',
    {},
    { 'metallb.io/loadBalancerIPs': '10.0.0.9', 'zonewright.io/addresses': '10.0.0.7' },
    { requested: ['10.0.0.9'] as never },
  ],
  ['both families', { ...dual, ipFamilyPolicy: 'RequireDualStack' }, {}, { families: ['ipv6', 'ipv4'] }],
  [
    'both families or one',
    { ...dual, ipFamilyPolicy: 'PreferDualStack' },
    {},
    { families: ['ipv6', 'ipv4'], prefer: true },
  ],
  ['no families', { ipFamilies: undefined }, {}, {}],
  [
    'no families, an IPv6 address',
    { ipFamilies: [], loadBalancerIP: '::1' },
    {},
    { families: ['ipv6'], requested: ['::1'] as never },
  ],
  ['a sharing key', {}, { 'metallb.io/allow-shared-ip': 'dns' }, { sharingKey: 'lab/dns' }],
  [
    'a sharing key and traffic only to local Pods',
    { externalTrafficPolicy: 'Local', selector: { run: 'web', app: 'a' } },
    { 'metallb.universe.tf/allow-shared-ip': 'dns' },
    { sharingKey: 'lab/dns Local app=a,run=web' },
  ],
  [
    'TCP and UDP on one port',
    {
      ports: [
        { port: 53, protocol: 'TCP' },
        { port: 53, protocol: 'UDP' },
        { port: 99, protocol: 'SCTP' },
      ],
    },
    {},
    {
      ports: [
        { protocol: 'tcp', port: 53 },
        { protocol: 'udp', port: 53 },
        { protocol: 'sctp', port: 99 },
      ],
    },
  ],
];
for (const [what, spec, annotations, expected] of addresses) {
  test(`wants: ${what}`, () => assert.deepEqual(wanted(spec, annotations), { ...plain, ...expected }));
}

const faults: [what: string, spec: object, annotations: object, message: RegExp][] = [
  ['no address', { loadBalancerIP: '300.1.1.1' }, {}, /^spec\.loadBalancerIP: '300\.1\.1\.1' is not an IP address$/],
  [
    'no address in the list',
    {},
    { 'metallb.io/loadBalancerIPs': '10.0.0.7,x' },
    /^metallb\.io\/loadBalancerIPs: 'x' is not/,
  ],
  ['a comma too many', {}, { 'metallb.io/loadBalancerIPs': '10.0.0.7,' }, /^metallb\.io\/loadBalancerIPs: '' is not/],
  [
    'asked for twice',
    { loadBalancerIP: '10.0.0.7' },
    { 'metallb.universe.tf/loadBalancerIPs': '10.0.0.7' },
    /^metallb\.universe\.tf\/loadBalancerIPs and spec\.loadBalancerIP both ask/,
  ],
  ['two of a family', {}, { 'metallb.io/loadBalancerIPs': '10.0.0.7,10.0.0.8' }, /several addresses of one family/],
  [
    'of another family',
    {},
    { 'metallb.io/loadBalancerIPs': 'fd00::7' },
    /^fd00::7 is asked for, but spec\.ipFamilies has only IPv4$/,
  ],
];
for (const [what, spec, annotations, message] of faults) {
  test(`a fault: ${what}`, () => assert.match((wanted(spec, annotations) as ServiceFault).message, message));
}
