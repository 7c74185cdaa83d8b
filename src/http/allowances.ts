// Allowances that refill with time, one for each key. They limit the requests of a token and the failed attempts of a
// client.

/** How much an allowance has, how fast it refills, and how many keys are remembered. */
interface AllowanceOptions {
  size: number;
  /** The time in which an allowance gets one unit back. */
  refillSeconds: number;
  /** If there are more keys, the one that was used longest ago is forgotten: its allowance is full again. */
  maxKeys: number;
}

interface Level {
  left: number;
  at: number;
}

export class Allowances {
  readonly #options: AllowanceOptions;
  readonly #levels = new Map<string, Level>();

  constructor(options: AllowanceOptions) {
    this.#options = options;
  }

  /** The number of remembered keys. */
  get keys(): number {
    return this.#levels.size;
  }

  /** Returns the whole units that are left. `now`: in milliseconds. */
  left(key: string, now: number): number {
    return Math.floor(this.#levelAt(key, now));
  }

  /** Takes one unit. Returns false, and takes nothing, if none is left. */
  take(key: string, now: number): boolean {
    const left = this.#levelAt(key, now);
    if (left < 1) return false;
    this.#levels.delete(key);
    this.#levels.set(key, { left: left - 1, at: now });
    if (this.#levels.size > this.#options.maxKeys) {
      const [oldest = key] = this.#levels.keys();
      this.#levels.delete(oldest);
    }
    return true;
  }

  /** Returns the whole seconds until the key has `units`. */
  secondsUntil(key: string, now: number, units: number): number {
    return Math.ceil(Math.max(0, units - this.#levelAt(key, now)) * this.#options.refillSeconds);
  }

  #levelAt(key: string, now: number): number {
    const { size, refillSeconds } = this.#options;
    const level = this.#levels.get(key);
    if (level === undefined) return size;
    return Math.min(size, level.left + Math.max(0, now - level.at) / 1000 / refillSeconds);
  }
}
