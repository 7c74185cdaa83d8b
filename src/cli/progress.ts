// Shows the progress of a command on standard error: on a terminal one line that changes, else a line every few
// seconds.

const terminalMilliseconds = 200;
const lineMilliseconds = 5000;

export class Progress {
  readonly #stream: Pick<NodeJS.WriteStream, 'write' | 'isTTY'>;
  readonly #began = performance.now();
  #shownAt: number;
  #isOpen = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: Pick<NodeJS.WriteStream, 'write' | 'isTTY'> = process.stderr) {
    this.#stream = stream;
    // Work that takes only a moment shows no progress.
    this.#shownAt = this.#began;
  }

  /** Shows the text, unless another one was shown a moment ago. */
  show(text: () => string): void {
    this.#endWaiting();
    this.#show(text);
  }

  /** Shows the text with the seconds that have passed, until something else is shown. */
  wait(text: string): void {
    this.#endWaiting();
    const since = performance.now();
    const shown = () => `${text} (${Math.round((performance.now() - since) / 1000)} s)`;
    this.#timer = setInterval(() => this.#show(shown), terminalMilliseconds).unref();
  }

  /** Removes the line from the terminal. */
  end(): void {
    this.#endWaiting();
    if (this.#isOpen) this.#stream.write('\r\x1b[K');
    this.#isOpen = false;
  }

  #show(text: () => string): void {
    const now = performance.now();
    const isTerminal = this.#stream.isTTY === true;
    if (now - this.#shownAt < (isTerminal ? terminalMilliseconds : lineMilliseconds)) return;
    this.#shownAt = now;
    this.#stream.write(isTerminal ? `\r\x1b[K${text()}` : `${text()}\n`);
    this.#isOpen = isTerminal;
  }

  #endWaiting(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** Returns a number of octets as people read it. */
export function shownSize(octets: number): string {
  const units = ['kB', 'MB', 'GB', 'TB'];
  if (octets < 1000) return `${octets} octets`;
  const power = Math.min(units.length, Math.floor(Math.log10(octets) / 3));
  const amount = octets / 1000 ** power;
  return `${amount.toFixed(amount < 10 ? 2 : amount < 100 ? 1 : 0)} ${units[power - 1]}`;
}
