// Opens the outlet by which an answering thread hands queries on, with this thread's counters.

import { type HandOnTask, Outlet } from '../handed-on/outlet.ts';
import { type CounterCells, counterCell } from './listen-counters.ts';

export function openOutlet(task: HandOnTask, counters: CounterCells): Outlet {
  return new Outlet(task, {
    handedOn: () => counters.add(counterCell.handedOn),
    refused: () => counters.add(counterCell.handedOnRefused),
  });
}
