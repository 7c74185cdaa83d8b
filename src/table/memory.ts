// What the writer's files share: the buffer's views, and who deals and frees its blocks.

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
  /** The writer's own: it needs no cell, for nothing is freed while the writer itself looks. */
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
