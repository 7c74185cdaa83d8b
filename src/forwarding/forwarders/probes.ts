// Asks servers from time to time whether they answer, above all those that fail: a server that is back is used again
// within seconds. The name in the question is made up, so that a probe that comes back to us shows a loop.

import { randomBytes } from 'node:crypto';
import { type Fqdn, parseName } from '../../model/name.ts';
import { askServer, canAskFor } from '../live/ask-server.ts';
import type { ForwarderRuntime } from './forwarder-runtime.ts';
import type { Upstream } from './upstream.ts';

/** Milliseconds between two probes of a server that fails: doubled after each, up to the limit. */
const firstPause = 500;
const maxPause = 5_000;
/** Milliseconds after which a server that was not asked is probed. */
const idlePause = 30_000;
/** Milliseconds in which a probe must be answered. */
const maxAnswer = 2_000;
/** The first label of the names has so many random octets, in hexadecimal digits, behind this. */
const probeLabel = 'zonewright-probe-';
const randomLength = 8;
export const probeLabelLength = probeLabel.length + 2 * randomLength;

interface Schedule {
  nextAt: number;
  isUnderWay: boolean;
  failures: number;
}

interface OpenProbe {
  readonly runtime: ForwarderRuntime;
  readonly upstream: Upstream;
  cameBack: boolean;
}

export class Probes {
  readonly #schedules = new WeakMap<Upstream, Schedule>();
  /** By the first label of the name. */
  readonly #open = new Map<string, OpenProbe>();
  readonly #onLoop: (runtime: ForwarderRuntime, upstream: Upstream, client: Uint8Array) => void;

  constructor(onLoop: (runtime: ForwarderRuntime, upstream: Upstream, client: Uint8Array) => void) {
    this.#onLoop = onLoop;
  }

  /** Probes the servers whose turn it is. */
  tick(runtimes: Iterable<ForwarderRuntime>, now: number): void {
    for (const runtime of runtimes) {
      for (const upstream of runtime.upstreams) {
        const schedule = this.#schedule(upstream);
        const idleUntil = upstream.isHealthy === true && !upstream.loops ? upstream.heardAt + idlePause : 0;
        if (!schedule.isUnderWay && now >= Math.max(schedule.nextAt, idleUntil)) void this.#probe(runtime, upstream);
      }
    }
  }

  /** Probes the server now, unless that was done a moment ago. */
  hurry(runtime: ForwarderRuntime, upstream: Upstream, now: number): void {
    const schedule = this.#schedule(upstream);
    if (schedule.isUnderWay || now < schedule.nextAt) return;
    void this.#probe(runtime, upstream);
  }

  /** Returns whether the question is a probe of ours that has come back. `label` is the first label of its name. */
  takeBack(label: string, client: Uint8Array): boolean {
    const probe = this.#open.get(label);
    if (probe === undefined) return false;
    probe.cameBack = true;
    if (!probe.upstream.loops) this.#onLoop(probe.runtime, probe.upstream, client);
    probe.upstream.loops = true;
    return true;
  }

  #schedule(upstream: Upstream): Schedule {
    const known = this.#schedules.get(upstream);
    if (known !== undefined) return known;
    const schedule = { nextAt: 0, isUnderWay: false, failures: 0 };
    this.#schedules.set(upstream, schedule);
    return schedule;
  }

  async #probe(runtime: ForwarderRuntime, upstream: Upstream): Promise<void> {
    const schedule = this.#schedule(upstream);
    const label = probeLabel + randomBytes(randomLength).toString('hex');
    const probe: OpenProbe = { runtime, upstream, cameBack: false };
    this.#open.set(label, probe);
    schedule.isUnderWay = true;
    const sentAt = performance.now();
    const isAnswered = await askOnce(runtime, upstream, label, sentAt);
    const now = performance.now();
    this.#open.delete(label);
    schedule.isUnderWay = false;
    if (!probe.cameBack) upstream.loops = false;
    if (isAnswered && !probe.cameBack) {
      schedule.failures = 0;
      upstream.noteAnswer(sentAt, now);
    } else {
      if (!probe.cameBack) upstream.unansweredProbes += 1;
      schedule.failures += 1;
      if (upstream.isHealthy !== true) upstream.setHealthy(false);
    }
    schedule.nextAt = now + Math.min(firstPause * 2 ** Math.max(0, schedule.failures - 1), maxPause);
  }
}

/** Returns whether the server answers, whatever it answers. */
async function askOnce(
  { listed }: ForwarderRuntime,
  upstream: Upstream,
  label: string,
  sentAt: number,
): Promise<boolean> {
  const { zone } = listed.forwarder;
  const name = probeName(label, zone);
  if (!upstream.isSecure && canAskFor(name)) {
    const asked = { name, milliseconds: maxAnswer, recursive: true, withoutValidation: true };
    return askServer(upstream.target, asked).then(
      () => true,
      () => false,
    );
  }
  return upstream.probe(name, maxAnswer, sentAt);
}

/** Returns the zone itself where a longer name would be too long. */
function probeName(label: string, zone: Fqdn): Fqdn {
  try {
    return parseName(`${label}.${zone}`);
  } catch {
    return zone;
  }
}
