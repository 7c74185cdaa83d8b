// The table of races about addresses that several hosts share (races.test.ts).

import type { WantedHost } from '../../src/control/hosts/host-wanted.ts';
import { parseAddress } from '../../src/model/address.ts';
import { parseName } from '../../src/model/name.ts';
import { addressKey } from '../../src/store/kinds/address.ts';
import { hostKey } from '../../src/store/kinds/host.ts';
import { poolKey } from '../../src/store/kinds/pool.ts';
import type { Race } from './race.ts';
import { allocate, allocateNext, changeHost, createHost, deleteHost, pool, putPool, splitPool, zone } from './steps.ts';

const address = addressKey('default', parseAddress('10.0.0.1'));
const hostAt = (name: string) => hostKey(parseName(name));
const put = 'addresses/hold-address.ts put';

/** Creates a host that shares the address, and wants its PTR. */
const vip = (name: string, more: Partial<WantedHost> = {}) => {
  const sharing = new Map([[parseAddress('10.0.0.1'), { shared: true as const }]]);
  return createHost(name, '10.0.0.1', { ptr: true, sharing, ...more });
};

const ports = (port: number) => ({ sharingKey: 'k', ports: [{ protocol: 'tcp' as const, port }] });

export const sharingRaces: Race[] = [
  {
    guards: [put],
    what: 'two hosts begin to share the address of a third one',
    given: [zone, pool, vip('c.z')],
    first: vip('a.z'),
    second: vip('b.z'),
    stoppedBy: [address],
  },
  {
    guards: [put],
    what: 'a host begins to share an address that its last host leaves',
    given: [zone, pool, vip('a.z')],
    first: deleteHost('a.z'),
    second: vip('b.z'),
    stoppedBy: [address],
  },
  {
    guards: ['addresses/hold-address.ts put'],
    what: 'the last host leaves an address that another host begins to share',
    given: [zone, pool, vip('a.z')],
    first: vip('b.z'),
    second: deleteHost('a.z'),
    stoppedBy: [address],
  },
  {
    guards: [put],
    what: 'the last two hosts leave an address, and the PTR must not pass to the other one',
    given: [zone, pool, vip('a.z'), vip('b.z')],
    first: deleteHost('b.z'),
    second: deleteHost('a.z'),
    stoppedBy: [address, hostAt('b.z')],
  },
  {
    guards: ['hosts/shared-address.ts requireUnchanged'],
    what: 'the PTR of a shared address passes to a host that no longer wants it',
    given: [zone, pool, vip('a.z'), vip('b.z')],
    first: changeHost('b.z', '10.0.0.1', { ptr: false }),
    second: deleteHost('a.z'),
    stoppedBy: [hostAt('b.z')],
  },
  {
    guards: ['hosts/shared-address.ts requireUnchanged'],
    what: 'the oldest host of a shared address wants the PTR, while the host that has it leaves',
    given: [zone, pool, vip('a.z', { ptr: false }), vip('b.z')],
    first: deleteHost('b.z'),
    second: changeHost('a.z', '10.0.0.1', { ptr: true }),
    stoppedBy: [address],
  },
  {
    guards: ['addresses/hold-address.ts requireUnchanged'],
    what: 'a host begins to share an address of a pool that begins to drain',
    given: [zone, pool, vip('a.z')],
    first: putPool('p', ['10.0.0.0/29'], { drain: true }),
    second: vip('b.z'),
    stoppedBy: [poolKey('p')],
  },
  {
    guards: ['addresses/hold-address.ts requireUnchanged'],
    what: 'an allocation shares an address of a pool that begins to drain',
    given: [pool, allocate('10.0.0.1', ports(1))],
    first: putPool('p', ['10.0.0.0/29'], { drain: true }),
    second: allocateNext(ports(2)),
    stoppedBy: [poolKey('p')],
  },
  {
    guards: ['addresses/hold-address.ts requireUnchanged'],
    what: 'a named address is shared while a split gives it to another pool',
    given: [pool, allocate('10.0.0.1', ports(1))],
    first: splitPool('p', 's', '10.0.0.0/30'),
    second: allocate('10.0.0.1', ports(2)),
    stoppedBy: [poolKey('p')],
  },
];
