// Follows a resource of a cluster in a test, and notes what is told.

import { services } from '../../src/interop/kubernetes/client/api-object.ts';
import {
  type FollowOptions,
  followResource,
  type ResourceFollower,
} from '../../src/interop/kubernetes/client/follow-resource.ts';
import type { KubernetesApi } from '../../src/interop/kubernetes/client/kubernetes-api.ts';
import type { Cleanup } from './temporary.ts';
import { until } from './until.ts';

export interface Followed {
  follower: ResourceFollower;
  /** What was told, in order: `all a b`, `changed a`, `deleted a`. */
  told: string[];
  /** The names of the objects that are there, as the callbacks told it. */
  objects: Set<string>;
  logged: { level: string; fields: Record<string, unknown>; message: string }[];
  /** Resolves when these texts were told, at the end of all. */
  ends(...texts: string[]): Promise<void>;
}

export function followServices(
  test: Cleanup,
  api: KubernetesApi,
  {
    name = (own) => own,
    ...options
  }: Partial<FollowOptions<string>> & { name?: (own: string) => string | undefined } = {},
): Followed {
  const told: string[] = [];
  const objects = new Set<string>();
  const logged: Followed['logged'] = [];
  const log = (level: string) => (fields: unknown, message?: string) =>
    void logged.push({ level, fields: fields as Record<string, unknown>, message: message ?? '' });
  const follower = followResource<string>({
    api,
    resource: services,
    pick: ({ metadata }) => name(metadata.name),
    replaced: (all) => {
      told.push(['all', ...[...all].sort()].join(' '));
      objects.clear();
      for (const one of all) objects.add(one);
    },
    changed: (one) => {
      told.push(`changed ${one}`);
      objects.add(one);
    },
    deleted: (one) => {
      told.push(`deleted ${one.name}`);
      objects.delete(one.name);
    },
    logger: { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') },
    ...options,
    times: { firstMilliseconds: 20, ...options.times },
  });
  test.after(() => follower.close());
  const ends = async (...texts: string[]) => {
    const hasEnd = () => told.slice(-texts.length).join('; ') === texts.join('; ');
    await until(hasEnd, `not told: ${texts.join('; ')}`).catch((error) => {
      throw new Error(`${error.message}; but: ${told.slice(-10).join('; ')}`, { cause: error });
    });
  };
  return { follower, told, objects, logged, ends };
}
