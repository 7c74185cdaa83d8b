// The texts of a stream of server-sent events (HTML Standard §9.2): the events, and the comments that keep it open.

import type { Revision } from '../../model/revision.ts';
import { type EndReason, endReasons, endsHistory } from './end-reasons.ts';

/** The media type of a stream. */
export const eventStream = 'text/event-stream';

/** Returns the first event. `revision`: the stream has the changes after this revision. `retry`: in milliseconds. */
export function startText(revision: Revision, retry: number): string {
  return `retry: ${retry}\nevent: start\nid: ${revision}\ndata: {"revision":${revision}}\n\n`;
}

/** Returns the event of a revision. `changes`: the JSON of each. */
export function messageText(revision: Revision, changes: readonly string[]): string {
  return `id: ${revision}\ndata: {"revision":${revision},"changes":[${changes.join()}]}\n\n`;
}

/** Returns a comment and a new id. `revision`: the follower has all changes up to this one. */
export function heartbeatText(revision: Revision): string {
  return `: heartbeat\nid: ${revision}\n\n`;
}

/**
 * Returns the last event. If no id is valid any more, the event clears the client's last id, so that the client begins
 * anew.
 */
export function endText(reason: EndReason): string {
  const cleared = endsHistory.has(reason) ? 'id\n' : '';
  return `event: end\n${cleared}data: ${JSON.stringify({ reason, detail: endReasons[reason] })}\n\n`;
}
