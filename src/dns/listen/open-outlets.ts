// Opens the outlets of an answering thread, with the thread's counters.

import { type HandOnTasks, Outlets } from '../handed-on/outlet.ts';
import { type CounterCells, counterCell } from './listen-counters.ts';

export function openOutlets(tasks: HandOnTasks, counters: CounterCells): Outlets {
  return new Outlets(tasks, {
    handedOn: () => counters.add(counterCell.handedOn),
    refused: () => counters.add(counterCell.handedOnRefused),
  });
}
