// Keeps the objects of one cluster and what they have here in agreement, while this replica leads. It follows the
// Services, and decides about each one anew after each change of it. A decision is made from the whole state of a
// Service, not from the change: so it may be repeated, and nothing is lost if one fails. After all Services are listed,
// what disappeared while nobody looked is given back. Services that have an address come before all others.

import type { ObjectFault, ObjectOutcome, WantedAddresses } from '../../control/kubernetes/wanted-object.ts';
import { familyOf } from '../../model/address.ts';
import type { KubernetesObject } from '../../model/kubernetes-object.ts';
import type { Logger } from '../../model/logger.ts';
import { TroubleLog } from '../../model/trouble-log.ts';
import { services } from './client/api-object.ts';
import { type FollowState, followResource, type ResourceFollower } from './client/follow-resource.ts';
import type { KubernetesApi, StatusPatch } from './client/kubernetes-api.ts';
import { isCode } from './client/kubernetes-error.ts';
import { EventWriter, type Happening } from './event-writer.ts';
import { type NameRules, readServiceNames } from './names/service-names.ts';
import type { ObjectKeeper } from './object-keeper.ts';
import { readService, type Service } from './service.ts';
import { type Announce, foreignStatus, patchOf, releasePatchOf } from './service-status.ts';
import { givenAnnotation, readAddressesWanted, type ServiceRules } from './service-wanted.ts';
import { WorkLine } from './work-line.ts';

export interface ControllerOptions {
  cluster: string;
  api: KubernetesApi;
  keeper: ObjectKeeper;
  rules: ServiceRules;
  announce: Announce;
  /** How long a deleted Service keeps its names, in seconds, for a successor of the same name. */
  graceSeconds: number;
  names: NameRules;
  /** The name of this replica. */
  instance: string;
  logger: Logger;
}

const atOnce = 128;
/** How soon after a change here the Services that lack something are tried again, in milliseconds. */
const retryMilliseconds = 20;
/** How often they are tried again without a change: the end of a cool-down makes none. */
const tickMilliseconds = 1000;
/** How many Services that lack something are tried again at a time. */
const maxRetried = 200;

/** A Service that lacks something. */
interface Lacking {
  createdAt: string;
  /** Services with the same text wait for the same addresses. */
  group: string;
}

export class ClusterController {
  readonly #options: ControllerOptions;
  readonly #stopped = new AbortController();
  readonly #line: WorkLine;
  readonly #events: EventWriter;
  readonly #trouble: TroubleLog;
  readonly #follower: ResourceFollower;
  readonly #unwatch: () => void;
  readonly #ticking: NodeJS.Timeout;
  /** `namespace/name` → the Service. */
  #services = new Map<string, Service>();
  readonly #lacking = new Map<string, Lacking>();
  /** The deleted Services that keep their names for a while. `over`: the while is over. */
  readonly #leaving = new Map<string, NodeJS.Timeout | 'over'>();
  /** The Services with which the last work has failed. */
  readonly #failing = new Set<string>();
  #retrying: NodeJS.Timeout | undefined;
  #settings: string;
  #patches = 0;

  constructor(options: ControllerOptions) {
    this.#options = options;
    const { api, keeper, cluster, logger, instance } = options;
    const { signal } = this.#stopped;
    this.#trouble = new TroubleLog(logger, {
      begins: 'cannot serve an object of the Kubernetes cluster: trying again',
      over: 'serves the objects of the Kubernetes cluster again',
    });
    this.#events = new EventWriter(api, { instance, logger, signal });
    this.#line = new WorkLine({
      atOnce,
      work: async (key) => {
        await this.#work(key);
        if (this.#failing.delete(key) && this.#failing.size === 0) this.#trouble.succeeded({ cluster });
      },
      failed: (key, error) => {
        this.#failing.add(key);
        this.#trouble.failed(error, { cluster, object: key });
      },
    });
    this.#settings = keeper.settings();
    this.#unwatch = keeper.watch(() => this.#retrySoon());
    this.#ticking = setInterval(() => this.#tick(), tickMilliseconds).unref();
    this.#follower = followResource({
      api,
      resource: services,
      logger,
      pick: readService,
      replaced: (all) => this.#replace(all),
      changed: (service) => this.#change(service),
      deleted: ({ namespace, name, uid }) => this.#remove(`${namespace}/${name}`, uid),
    });
  }

  get state(): FollowState {
    return this.#follower.state;
  }

  /** The Services that lack something, those that wait for work, and how many patches were sent. */
  get counts(): { lacking: number; waiting: number; patches: number } {
    return { lacking: this.#lacking.size, waiting: this.#line.size, patches: this.#patches };
  }

  async close(): Promise<void> {
    this.#unwatch();
    clearInterval(this.#ticking);
    clearTimeout(this.#retrying);
    for (const key of this.#leaving.keys()) this.#forgetLeaving(key);
    await this.#follower.close();
    this.#stopped.abort();
    await this.#line.close();
  }

  #replace(all: readonly Service[]): void {
    this.#services = new Map(all.map((service) => [keyOf(service), service]));
    const inOrder = [...all].sort(byAge);
    for (const service of inOrder) this.#line.add(keyOf(service), this.#hasAddress(service) ? 'first' : 'later');
    for (const { object } of this.#options.keeper.list())
      if (object.kind === 'Service' && !this.#services.has(keyOf(object))) this.#line.add(keyOf(object), 'first');
  }

  #hasAddress(service: Service): boolean {
    return service.ingress.length > 0 || (this.#options.keeper.get(this.#objectOf(service))?.addresses.length ?? 0) > 0;
  }

  #change(service: Service): void {
    const key = keyOf(service);
    const known = this.#services.get(key);
    // The answer to our own patch came before.
    if (known?.uid === service.uid && known.resourceVersion === service.resourceVersion) return;
    this.#services.set(key, service);
    this.#line.add(key);
  }

  #remove(key: string, uid: string): void {
    if (this.#services.get(key)?.uid === uid) this.#services.delete(key);
    this.#events.forget(uid);
    this.#line.add(key);
  }

  async #work(key: string): Promise<void> {
    const service = this.#services.get(key);
    if (service === undefined || service.isDeleting) {
      await this.#release(key);
      if (service !== undefined) await this.#patch(service, releasePatchOf(service));
      return;
    }
    this.#forgetLeaving(key);
    const { cluster, rules, announce, keeper } = this.#options;
    const object = this.#objectOf(service);
    const wanted = readAddressesWanted(cluster, service, rules);
    const addresses = wanted === undefined ? undefined : this.#addressesOf(service, wanted);
    const { names, faults } = readServiceNames(service, wanted !== undefined, this.#options.names);
    if (wanted !== undefined && 'message' in wanted)
      faults.unshift({ what: 'address', code: 'invalid_request', message: wanted.message });
    let outcome: ObjectOutcome = { addresses: [], names: [], faults: [] };
    if (addresses !== undefined || names.length > 0) {
      const { uid, createdAt, labels } = service;
      outcome = await keeper.put({
        object,
        uid,
        createdAt,
        labels,
        ...(addresses !== undefined && { addresses }),
        names,
      });
    } else if (keeper.get(object) !== undefined) await keeper.delete(object);
    this.#noteLacking(service, outcome.faults, addresses);
    const foreign = wanted !== undefined && announce === 'status' ? foreignStatus(service) : undefined;
    this.#tell(service, outcome, faults, foreign);
    if (wanted === undefined) await this.#patch(service, releasePatchOf(service));
    else if (foreign === undefined) await this.#patch(service, patchOf(service, outcome.addresses, announce));
  }

  /** Returns the addresses to ask for. While it is unclear what a Service wants, it keeps what it has. */
  #addressesOf(
    service: Service,
    wanted: NonNullable<ReturnType<typeof readAddressesWanted>>,
  ): WantedAddresses | undefined {
    if (!('message' in wanted)) return { ...wanted, current: service.ingress.flatMap(({ ip }) => ip ?? []) };
    const has = [...(this.#options.keeper.get(this.#objectOf(service))?.addresses ?? [])];
    if (has.length === 0) return undefined;
    const ports = service.ports.map(({ protocol, port }) => ({ protocol, port }));
    return { families: has.map(familyOf), prefer: false, requested: has, current: has, ports };
  }

  /** Takes everything back from a Service that has gone: at once if it has no names, else after a while. */
  async #release(key: string): Promise<void> {
    const { keeper, graceSeconds } = this.#options;
    this.#lacking.delete(key);
    const object = this.#objectAt(key);
    const kept = keeper.get(object);
    const leaving = this.#leaving.get(key);
    if (kept === undefined || leaving === 'over' || !kept.hasNames || graceSeconds === 0) {
      if (kept !== undefined) await keeper.delete(object);
      this.#forgetLeaving(key);
    } else if (leaving === undefined) {
      const end = () => {
        this.#leaving.set(key, 'over');
        this.#line.add(key);
      };
      this.#leaving.set(key, setTimeout(end, graceSeconds * 1000).unref());
    }
  }

  #forgetLeaving(key: string): void {
    const leaving = this.#leaving.get(key);
    if (leaving !== 'over') clearTimeout(leaving);
    this.#leaving.delete(key);
  }

  /** Sends a patch. If the Service has changed meanwhile, the watch tells of that, and it is decided anew. */
  async #patch(service: Service, patch: StatusPatch | undefined): Promise<void> {
    if (patch === undefined) return;
    const key = keyOf(service);
    try {
      this.#patches += 1;
      const { signal } = this.#stopped;
      const answer = await this.#options.api.patchStatus(services, service, service.resourceVersion, patch, signal);
      if (this.#services.get(key) === service) this.#services.set(key, readService(answer));
    } catch (error) {
      const isGone = isCode(error, 404, 409) || (isCode(error, 422) && error.message.includes('uid'));
      if (!isGone) throw error;
    }
  }

  #tell(service: Service, outcome: ObjectOutcome, faults: readonly ObjectFault[], foreign: string | undefined): void {
    const { namespace, name, uid } = service;
    const happenings: Happening[] = [...faults, ...outcome.faults].map(({ what, code, message }) => ({
      // Several annotations may be wrong.
      about: what === 'annotation' ? message : what,
      type: 'Warning',
      reason: camelCase(code),
      action: what === 'address' ? 'AllocateAddress' : what === 'annotation' ? 'ReadAnnotation' : 'WriteName',
      note: message,
    }));
    const given = outcome.addresses.join(', ');
    // It was told before if the Service says so already.
    if (given !== '' && foreign === undefined && service.annotations[givenAnnotation] !== given)
      happenings.push({
        about: 'address',
        type: 'Normal',
        reason: 'AddressAllocated',
        action: 'AllocateAddress',
        note: `has ${given}`,
      });
    if (foreign !== undefined)
      happenings.push({
        about: 'status',
        type: 'Warning',
        reason: 'StatusOfAnother',
        action: 'WriteStatus',
        note: `another controller has written ${foreign} into the status in place of ${given}: nothing more is written here until the status is empty; give the Service a class (spec.loadBalancerClass), or stop the other controller`,
      });
    this.#events.tellLasting({ apiVersion: 'v1', kind: 'Service', namespace, name, uid }, happenings);
  }

  #noteLacking(service: Service, faults: readonly ObjectFault[], addresses: WantedAddresses | undefined): void {
    const key = keyOf(service);
    if (faults.length === 0) {
      this.#lacking.delete(key);
      return;
    }
    const waits = faults.every(({ what }) => what === 'address') && addresses !== undefined;
    const { pool, families, requested, sharingKey } = addresses ?? {};
    const group = waits
      ? JSON.stringify([pool, families, requested, sharingKey, service.namespace, service.labels])
      : key;
    this.#lacking.set(key, { createdAt: service.createdAt, group });
  }

  #retrySoon(): void {
    if (this.#lacking.size === 0) return;
    this.#retrying ??= setTimeout(() => {
      this.#retrying = undefined;
      this.#retry();
    }, retryMilliseconds).unref();
  }

  /** Tries the Services again that lack something: of those that wait for the same, only the oldest one. */
  #retry(): void {
    const tried = new Set<string>();
    const oldestFirst = [...this.#lacking].sort(([, one], [, other]) => compareTexts(one.createdAt, other.createdAt));
    for (const [key, { group }] of oldestFirst) {
      if (tried.has(group)) continue;
      tried.add(group);
      this.#line.add(key);
      if (tried.size >= maxRetried) return;
    }
  }

  #tick(): void {
    const settings = this.#options.keeper.settings();
    if (settings !== this.#settings && this.state.isListed) {
      this.#settings = settings;
      for (const service of [...this.#services.values()].sort(byAge)) this.#line.add(keyOf(service));
    } else if (this.#lacking.size > 0) this.#retry();
  }

  #objectOf({ namespace, name }: { namespace: string; name: string }): KubernetesObject {
    return { cluster: this.#options.cluster, namespace, kind: 'Service', name };
  }

  #objectAt(key: string): KubernetesObject {
    const [namespace = '', name = ''] = key.split('/');
    return this.#objectOf({ namespace, name });
  }
}

function keyOf({ namespace, name }: { namespace: string; name: string }): string {
  return `${namespace}/${name}`;
}

function byAge(one: Service, other: Service): number {
  return compareTexts(one.createdAt, other.createdAt) || compareTexts(keyOf(one), keyOf(other));
}

function compareTexts(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

/** `pool_exhausted` → `PoolExhausted`. */
function camelCase(code: string): string {
  return code.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
