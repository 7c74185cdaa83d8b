// The texts of a stream of server-sent events (HTML Standard §9.2): the events, and the comments that keep it open.

import type { Revision } from '../../model/revision.ts';
import { type EndReason, endReasons, endsHistory } from './end-reasons.ts';

/** The media type of a stream. */
export const eventStream = 'text/event-stream';

/** Returns the first event: the revision after which the stream tells of changes. `retry`: in milliseconds. */
export function startText(revision: Revision, retry: number): string {
  return `retry: ${retry}\nevent: start\nid: ${revision}\ndata: {"revision":${revision}}\n\n`;
}

/** Returns the event of a revision. `changes`: each as JSON. */
export function messageText(revision: Revision, changes: readonly string[]): string {
  return `id: ${revision}\ndata: {"revision":${revision},"changes":[${changes.join()}]}\n\n`;
}

/** Returns a comment, with the revision up to which the follower has been told everything. */
export function heartbeatText(revision: Revision): string {
  return `: heartbeat\nid: ${revision}\n\n`;
}

/** Returns the last event. If no id is valid any more, it clears the client's last id: a client then begins anew. */
export function endText(reason: EndReason): string {
  const cleared = endsHistory.has(reason) ? 'id\n' : '';
  return `event: end\n${cleared}data: ${JSON.stringify({ reason, detail: endReasons[reason] })}\n\n`;
}
