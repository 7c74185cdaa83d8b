// The entry file of the thread that forwards: takes questions for forwarded zones from the answering threads, forwards
// them, and sends the answers. The answering threads never wait for this thread. forwarder-service.ts starts it.

import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { BatchedServerSockets } from './dns/ask/batched-server-sockets.ts';
import { openNodeSocket } from './dns/ask/server-socket.ts';
import { openForwardTenant } from './dns/handed-on/forward-tenant.ts';
import { LateResponder } from './dns/handed-on/late-responder.ts';
import type { Line } from './dns/handed-on/line.ts';
import { OwnZones } from './dns/handed-on/own-zones.ts';
import type { RemoteLine } from './dns/handed-on/remote-taker.ts';
import { Taker } from './dns/handed-on/taker.ts';
import { openLateDatagrams } from './dns/listen/late-datagrams.ts';
import { openLibc } from './dns/listen/libc.ts';
import { CounterCells } from './dns/listen/listen-counters.ts';
import { endCells } from './dns/listen/taker-counters.ts';
import type { ThreadReport } from './dns/listen/thread-task.ts';
import { handedOnKind } from './dns/respond/hand-on.ts';
import { ForwardCacheWriter } from './forward-cache/forward-cache-writer.ts';
import type { ForwarderOrder, ForwarderReport, ForwarderTask } from './forwarder-messages.ts';
import { Forwarding } from './forwarding/forwarders/forwarding.ts';
import { lowerPriority } from './lower-priority.ts';
import type { Logger } from './model/logger.ts';

/**
 * The length of a rest of the taker, as a multiple of the work before it. The thread has no other work, but the
 * answering threads may need its processor.
 */
const restPerWork = 0.5;
/** In milliseconds: `pause` of the taker. Clients hardly notice it beside the time that a server takes to answer. */
const pause = 1;

/** The maximum number of cached answers that the API shows at once. */
const maxShown = 100;

// If there are too few processors, answers from the table come first (bench/forward-flood.ts).
lowerPriority();

const task: ForwarderTask = workerData;
const { control } = task;

function tell(report: ForwarderReport): void {
  control.postMessage(report);
}

function log(level: keyof Logger) {
  return (fields: unknown, message = '') => tell({ level, fields, message });
}
const logger: Logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };

// If batched sockets do not work for answers, this thread uses Node's sockets, too.
const sockets = task.socket === 'batched' ? new BatchedServerSockets(openLibc()) : undefined;

const forwarding = new Forwarding({
  cache: new ForwardCacheWriter(task.cache),
  ownZones: new OwnZones(task.table, task.readers[1]),
  logger,
  openSocket: sockets?.open ?? openNodeSocket,
});

/** The numbers of the forwarders in the current list. */
let numbers = new Set<number>();

function setForwarders(list: ForwarderTask['forwarders']): void {
  numbers = new Set(list.map(({ id }) => id));
  forwarding.setForwarders(list);
}
setForwarders(task.forwarders);

/**
 * Reads the messages up to the list with this forwarder. The list was sent before the question, but through another
 * channel, so it may not have been read yet.
 */
function readList(forwarder: number): void {
  while (!numbers.has(forwarder)) {
    const next = receiveMessageOnPort(control);
    if (next === undefined) return;
    receive(next.message);
  }
}

const cells = new CounterCells(task.counters.listen);
const late = new LateResponder({
  table: task.table,
  reader: task.readers[0],
  counters: task.counters.respond,
  settings: task.settings,
});
const forward = openForwardTenant(late, task.cache, {
  has: (forwarder) => {
    readList(forwarder);
    return numbers.has(forwarder);
  },
  forward: (request, give) => {
    readList(request.forwarder);
    forwarding.forward(request, give);
  },
  complete: (block, request) => {
    readList(request.forwarder);
    return forwarding.complete(block, request);
  },
});
const taker = new Taker({
  tenants: { [handedOnKind.forward]: forward },
  failure: late.openFailure(),
  sendDatagrams: openLateDatagrams(cells),
  limits: task.limits,
  restPerWork,
  pause,
  ...(sockets && {
    beside: { afterSlice: () => sockets.send(), afterPause: (isBusy: boolean) => sockets.receive(isBusy) },
  }),
  doorbell: task.doorbell,
  count: (end) => cells.add(endCells[end]),
  onFault: (reason) => logger.error({ reason }, 'a question was not forwarded: this is a bug'),
});

const lines = new Map<string, Line>();
const serve = ({ ring, channel }: RemoteLine) => void lines.set(channel, taker.serve(ring, channel));
for (const line of task.lines) serve(line);

function leave({ channel }: RemoteLine): void {
  const line = lines.get(channel);
  if (line !== undefined) taker.leave(line);
  lines.delete(channel);
}

function receive(order: ForwarderOrder): void {
  if ('serve' in order) serve(order.serve);
  else if ('leave' in order) leave(order.leave);
  else if ('forwarders' in order) setForwarders(order.forwarders);
  else if ('state' in order) tell({ id: order.id, state: forwarding.state(order.state) });
  else if ('upstreams' in order) tell({ id: order.id, upstreams: forwarding.upstreams() });
  else if ('cached' in order) {
    tell({ id: order.id, cached: forwarding.cached(order.cached, order.name, maxShown) });
  } else {
    forwarding.emptyCache(order.empty, order.name);
    tell({ id: order.id });
  }
}
control.on('message', receive);

// The thread ends and is restarted. The clients get SERVFAIL now, so that they need not wait.
process.once('uncaughtException', (error) => {
  taker.failAll();
  // Node does not know all sockets of this thread.
  forwarding.close();
  throw error;
});

// The message asks the thread to end. The lines stay open: the next thread goes on with them. But the next thread may
// start much later, so no query is left in the lines.
parentPort?.once('message', () => {
  taker.takeAll();
  taker.failAll();
  taker.close();
  forwarding.close();
  control.close();
});
parentPort?.postMessage({ kind: 'ready', addresses: [], descriptors: [] } satisfies ThreadReport);
