// Probes servers from time to time, above all those that fail, so that a server that is back is used within seconds.
// Each probe asks for a random name: if such a question comes back to us, the server is in a forwarding loop with us.

import { randomBytes } from 'node:crypto';
import { type Fqdn, parseName } from '../../model/name.ts';
import { askServer, canAskFor } from '../live/ask-server.ts';
import type { ForwarderRuntime } from './forwarder-runtime.ts';
import { failures, type Upstream } from './upstream.ts';

/** Milliseconds between two probes of a failing server. The pause doubles with each failed probe, up to `maxPause`. */
const firstPause = 500;
const maxPause = 5_000;
/** Milliseconds without an answer after which a healthy server is probed. */
const idlePause = 30_000;
/** Unanswered probes in a row after which a healthy server counts as failing. One probe may get lost. */
const maxLost = 2;
/** Milliseconds in which a server must answer a probe. */
const maxAnswer = 2_000;
/** The first label of a probe's name is this, then `randomLength` random octets as hexadecimal digits. */
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
  /** The probes under way, by the first label of their name. */
  readonly #open = new Map<string, OpenProbe>();
  readonly #onLoop: (runtime: ForwarderRuntime, upstream: Upstream, client: Uint8Array) => void;

  constructor(onLoop: (runtime: ForwarderRuntime, upstream: Upstream, client: Uint8Array) => void) {
    this.#onLoop = onLoop;
  }

  /** Probes the servers that are due. */
  tick(runtimes: Iterable<ForwarderRuntime>, now: number): void {
    for (const runtime of runtimes) {
      for (const upstream of runtime.upstreams) {
        const schedule = this.#schedule(upstream);
        const idleUntil = upstream.isHealthy === true && !upstream.loops ? upstream.heardAt + idlePause : 0;
        if (!schedule.isUnderWay && now >= Math.max(schedule.nextAt, idleUntil)) void this.#probe(runtime, upstream);
      }
    }
  }

  /** Probes the server now, unless its last probe was a moment ago. */
  hurry(runtime: ForwarderRuntime, upstream: Upstream, now: number): void {
    const schedule = this.#schedule(upstream);
    if (schedule.isUnderWay || now < schedule.nextAt) return;
    void this.#probe(runtime, upstream);
  }

  /**
   * Notes that a probe came back to us. Returns false if the question is no probe. `label` is the first label of the
   * question's name.
   */
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
    const code = await askOnce(runtime, upstream, label, sentAt);
    const now = performance.now();
    this.#open.delete(label);
    schedule.isUnderWay = false;
    if (!probe.cameBack) upstream.loops = false;
    if (code !== undefined && !probe.cameBack) {
      schedule.failures = 0;
      upstream.noteAnswer(sentAt, now);
      upstream.usability.noteProbe(code, now);
    } else {
      if (probe.cameBack) upstream.failure = failures.loops;
      else upstream.unansweredProbes += 1;
      schedule.failures += 1;
      const isHeard = upstream.isHealthy === true && (upstream.heardAt >= sentAt || schedule.failures < maxLost);
      if (!isHeard) upstream.setHealthy(false);
    }
    schedule.nextAt = now + Math.min(firstPause * 2 ** Math.max(0, schedule.failures - 1), maxPause);
  }
}

/** Returns the response code of the server's answer; undefined if there is none. */
async function askOnce(
  { listed }: ForwarderRuntime,
  upstream: Upstream,
  label: string,
  sentAt: number,
): Promise<number | undefined> {
  const { zone } = listed.forwarder;
  const name = probeName(label, zone);
  if (!upstream.isSecure && canAskFor(name)) {
    const asked = { name, milliseconds: maxAnswer, recursive: true, withoutValidation: true };
    return askServer(upstream.target, asked).then(
      ({ rcode }) => rcode,
      (error: NodeJS.ErrnoException) => {
        if (error.code === undefined) upstream.failure = failures.silent;
        else upstream.failure = error.code === 'ECONNREFUSED' ? failures.refused : `${failures.broken}: ${error.code}`;
        return undefined;
      },
    );
  }
  return upstream.probe(name, maxAnswer, sentAt);
}

/** Returns the name of a probe: the zone itself if a longer name would be too long. */
function probeName(label: string, zone: Fqdn): Fqdn {
  try {
    return parseName(`${label}.${zone}`);
  } catch {
    return zone;
  }
}
