// The state that the writer's files share: typed arrays on the buffer, and the objects that manage its memory.

import { Allocator } from './allocator.ts';
import { NameIndexes } from './name-index.ts';
import { Quiescence } from './quiescence.ts';
import { TableReader } from './reader.ts';

export interface Memory {
  readonly words: Uint32Array;
  readonly bytes: Uint8Array;
  readonly allocator: Allocator;
  readonly quiescence: Quiescence;
  readonly indexes: NameIndexes;
  /** The writer's own reader. It needs no cell, since the writer frees nothing while it reads. */
  readonly reader: TableReader;
}

export function openMemory(buffer: SharedArrayBuffer, poison: boolean): Memory {
  const reader = new TableReader(buffer, -1);
  const { words, bytes } = reader;
  const allocator = new Allocator(words, poison);
  const quiescence = new Quiescence(words, allocator);
  const indexes = new NameIndexes(words, allocator, quiescence);
  return { words, bytes, allocator, quiescence, indexes, reader };
}
