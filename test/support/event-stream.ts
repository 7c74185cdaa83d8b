// A client of /v1/watch: reads server-sent events as the HTML Standard §9.2.6 says. Every event must be as
// openapi/openapi.json describes it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { adminToken } from './api-client.ts';
import { assertDescribedEvent } from './described-answer.ts';
import type { Cleanup } from './temporary.ts';
import { until } from './until.ts';

export interface StreamEvent {
  /** `message` if the event names none. */
  event: string;
  data: string;
}

/** A change as a message has it. */
export interface ShownChange {
  resource: string;
  action: string;
  /** Only of a pool. */
  id?: string;
  name: string;
  path: string;
  after: Record<string, unknown> | null;
}

/** A message: the changes of one revision. */
export interface ShownMessage {
  revision: number;
  changes: ShownChange[];
}

export interface EventStream {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly events: StreamEvent[];
  /** The id after which a client can continue. Empty if no event had one. */
  readonly lastId: string;
  /** The comments, without their colons. */
  readonly comments: string[];
  /** Returns the messages that have come. */
  messages(): ShownMessage[];
  /** Resolves when this many messages have come. */
  untilMessages(count: number): Promise<ShownMessage[]>;
  /** Resolves when the stream has ended: with the data of its event `end`, or with undefined if it has none. */
  ended(): Promise<{ reason: string; detail: string } | undefined>;
  /** Stops reading, without closing the connection. */
  pause(): void;
  resume(): void;
  close(): void;
}

interface StreamOptions {
  token?: string;
  /** The header `Last-Event-ID`. */
  lastEventId?: string;
  headers?: Record<string, string>;
}

/** Opens a stream at `path` with its query. Resolves when it has begun, or when it is refused. */
export async function openStream(
  test: Cleanup,
  url: string,
  path = '/v1/watch',
  { token = adminToken, lastEventId, headers = {} }: StreamOptions = {},
): Promise<EventStream> {
  const sent: ClientRequest = request(url + path, {
    agent: false,
    headers: {
      authorization: `Bearer ${token}`,
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
      ...headers,
    },
  });
  test.after(() => sent.destroy());
  sent.end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  const events: StreamEvent[] = [];
  const comments: string[] = [];
  let lastId = '';
  let text = '';
  answer.setEncoding('utf8').on('data', (some: string) => {
    text += some;
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) read(block);
  });
  answer.on('error', () => undefined);

  function read(block: string): void {
    let event = 'message';
    let id: string | undefined;
    let retry: number | undefined;
    const data: string[] = [];
    for (const line of block.split('\n')) {
      const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? [];
      if (field === '') comments.push(value);
      else if (field === 'event') event = value;
      else if (field === 'data') data.push(value);
      else if (field === 'id') id = value;
      else if (field === 'retry') retry = Number(value);
      else assert.fail(block);
    }
    lastId = id ?? lastId;
    if (data.length === 0) return;
    const read = { event, data: data.join('\n') };
    assertDescribedEvent({ ...read, ...(id !== undefined && { id }), ...(retry !== undefined && { retry }) });
    events.push(read);
  }

  const messages = () =>
    events.filter(({ event }) => event === 'message').map(({ data }) => JSON.parse(data) as ShownMessage);
  if (answer.statusCode === 200) await until(() => events.length > 0, 'the stream does not begin');
  return {
    status: answer.statusCode ?? 0,
    headers: answer.headers,
    events,
    comments,
    get lastId() {
      return lastId;
    },
    messages,
    untilMessages: async (count) => {
      const counted = () => events.filter(({ event }) => event === 'message').length;
      await until(() => counted() >= count, `not ${count} messages`);
      return messages();
    },
    ended: async () => {
      await until(() => answer.closed, 'the stream does not end', 120_000);
      const last = events.at(-1);
      return last?.event === 'end' ? JSON.parse(last.data) : undefined;
    },
    pause: () => void answer.pause(),
    resume: () => void answer.resume(),
    close: () => sent.destroy(),
  };
}
