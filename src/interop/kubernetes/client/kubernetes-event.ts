// The Events that we write about an object of a cluster (events.k8s.io/v1), in the form that the API server takes.

import { randomBytes } from 'node:crypto';

/** The object that an Event is about. */
export interface EventSubject {
  apiVersion: string;
  kind: string;
  /** Empty for an object without a namespace. */
  namespace: string;
  name: string;
  uid: string;
}

export interface NewEvent {
  regarding: EventSubject;
  type: 'Normal' | 'Warning';
  /** Why, in one word of CamelCase, for example `AddressTaken`. */
  reason: string;
  /** What we did or tried, in one word of CamelCase, for example `AllocateAddress`. */
  action: string;
  /** A sentence for people. Cut at 1,024 bytes. */
  note: string;
  /** The name of the controller, for example `zonewright.io/controller`, and of this replica. */
  controller: string;
  instance: string;
  /** When it happened, in milliseconds since the epoch. */
  at: number;
}

/** An Event that was created, so that its series can be continued. */
export interface EventReference {
  namespace: string;
  name: string;
}

const maxNoteBytes = 1024;
const maxInstance = 128;
const maxName = 253;

/** Returns a time as the API server wants MicroTime: with exactly six decimals. */
export function microTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/Z$/, '000Z');
}

/** Returns the body of a new Event. Its name is the object's with a random ending. */
export function eventBody(event: NewEvent) {
  const { regarding, type, reason, action, note, controller, instance, at } = event;
  const ending = `.${randomBytes(8).toString('hex')}`;
  const metadata: EventReference = {
    namespace: regarding.namespace || 'default',
    name: `${regarding.name.slice(0, maxName - ending.length).replace(/[.-]+$/, '')}${ending}`,
  };
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata,
    eventTime: microTime(at),
    regarding,
    type,
    reason,
    action,
    note: cutBytes(note, maxNoteBytes),
    reportingController: controller,
    reportingInstance: instance.slice(0, maxInstance),
  };
}

/** Cuts a text to this many bytes of UTF-8, and not within a character. */
function cutBytes(text: string, max: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= max) return text;
  const ellipsis = '…';
  let end = max - Buffer.byteLength(ellipsis);
  while (((bytes[end] as number) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end) + ellipsis;
}
