// Both kinds of store, with the flags for a replica. Scenarios run on each of them.

import { skipWithoutEtcd, startEtcd, type TestEtcd } from './etcd.ts';
import type { Cleanup } from './temporary.ts';

export interface StoreChoice {
  name: 'embedded' | 'etcd';
  skip: string | false;
  /** Prepares the store for one test. Returns the flags for a replica; also the server, if the store is etcd. */
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
