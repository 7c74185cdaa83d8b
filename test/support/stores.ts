// Both stores, for scenarios that must hold on either: the flags that a replica is started with.

import { skipWithoutEtcd, startEtcd, type TestEtcd } from './etcd.ts';
import type { Cleanup } from './temporary.ts';

export interface StoreChoice {
  name: 'embedded' | 'etcd';
  skip: string | false;
  /** Makes the store ready for one test; `etcd` is the server where there is one. */
  prepare(test: Cleanup): Promise<{ flags: string[]; etcd: TestEtcd | undefined }>;
}

export const stores: StoreChoice[] = [
  { name: 'embedded', skip: false, prepare: async () => ({ flags: ['--store', 'embedded'], etcd: undefined }) },
  {
    name: 'etcd',
    skip: skipWithoutEtcd(),
    prepare: async (test) => {
      const etcd = await startEtcd();
      test.after(() => etcd.close());
      return { flags: etcdFlags(etcd), etcd };
    },
  },
];

export function etcdFlags({ endpoint }: TestEtcd): string[] {
  return ['--store', 'etcd', '--etcd-endpoints', endpoint];
}
