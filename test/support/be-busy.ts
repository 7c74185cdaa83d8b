// Blocks the calling thread, as heavy work or the collection of garbage would do.

export function beBusy(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
