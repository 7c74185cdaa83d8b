// Following objects of a cluster, with a server that misbehaves on purpose. With a real one:
// test/kubernetes/follow.test.ts.

import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { withoutOpenssl } from '../../support/certificate.ts';
import { followServices } from '../../support/followed-resource.ts';
import {
  type Asked,
  endOfList,
  give,
  refuse,
  type ScriptedServer,
  service,
  startScriptedServer,
  tell,
} from '../../support/scripted-api-server.ts';
import type { Cleanup } from '../../support/temporary.ts';
import { until } from '../../support/until.ts';

const skip = withoutOpenssl;

const added = (name: string, version: number, uid?: string) => ({ type: 'ADDED', object: service(name, version, uid) });
const modified = (name: string, version: number, uid?: string) => ({ ...added(name, version, uid), type: 'MODIFIED' });
const deleted = (name: string, version: number, uid?: string) => ({ ...added(name, version, uid), type: 'DELETED' });
const bookmark = (version: number) => ({
  type: 'BOOKMARK',
  object: { metadata: { resourceVersion: String(version) } },
});
const fault = (code: number) => ({ type: 'ERROR', object: { kind: 'Status', code } });

type Step = (response: ServerResponse, asked: Asked) => unknown;

/** Starts a server that answers one request after the other. The last answer is that of all further requests. */
async function inSteps(t: Cleanup, ...steps: Step[]): Promise<ScriptedServer> {
  let next = 0;
  return startScriptedServer(t, (asked, response) => {
    const step = steps[Math.min(next, steps.length - 1)] as Step;
    next += 1;
    step(response, asked);
  });
}

/** A WatchList with these objects at version 10, and then these events. */
const listed =
  (names: string[], ...events: object[]): Step =>
  (response) =>
    tell(response, ...names.map((name) => added(name, 5)), endOfList(10), ...events);

const silent: Step = (response) => tell(response);

/** Ends what a step sends. */
const ending =
  (step: Step): Step =>
  (response, asked) => {
    step(response, asked);
    response.end();
  };

/** An answer to the question whether the server knows a version. */
const knowsVersion: Step = (response) => give(response, { metadata: { resourceVersion: '10' }, items: [] });

/** Describes requests, for example `watch from 10`. */
function requestsOf({ asked }: ScriptedServer): string[] {
  return asked.map(({ query }) => {
    const version = query.get('resourceVersion');
    if (query.has('sendInitialEvents')) return 'watch list';
    if (query.has('watch')) return `watch from ${version}`;
    return version === null ? 'list' : `check ${version}`;
  });
}

test('all objects are told first, then each change, in order', { skip }, async (t) => {
  const events = [added('c', 11), modified('a', 12), deleted('b', 13), added('b', 14, 'uid-2')];
  const server = await inSteps(t, listed(['a', 'b'], ...events));
  const { told, ends, follower } = followServices(t, server.api);
  await ends('changed b');
  assert.deepEqual(told, ['all a b', 'changed c', 'changed a', 'deleted b', 'changed b']);
  assert.deepEqual(requestsOf(server), ['watch list']);
  const { isListed, inContactSince, trouble, objects, lists } = follower.state;
  assert.deepEqual([isListed, trouble, objects, lists], [true, undefined, 3, 1]);
  assert.ok(Date.now() - (inContactSince as number) < 60_000);
});

test('changes before the end of the list are part of it', { skip }, async (t) => {
  const early = [added('a', 5), added('b', 6), deleted('a', 7), modified('b', 8), added('c', 9)];
  const server = await inSteps(t, (response) => tell(response, ...early, endOfList(10)));
  const { told, ends } = followServices(t, server.api);
  await ends('all b c');
  assert.deepEqual(told, ['all b c']);
});

test('after the normal end of a stream it goes on from the last version, bookmarks included', { skip }, async (t) => {
  const server = await inSteps(t, ending(listed(['a'], added('b', 11), bookmark(15))), knowsVersion, (response) =>
    tell(response, added('c', 16)),
  );
  const { told, ends } = followServices(t, server.api);
  await ends('changed c');
  assert.deepEqual(told, ['all a', 'changed b', 'changed c']);
  assert.deepEqual(requestsOf(server), ['watch list', 'check 15', 'watch from 15']);
});

for (const code of [400, 422])
  test(`a server that refuses a WatchList with ${code} is listed page by page`, { skip }, async (t) => {
    const page = (names: string[], more: object) => ({
      items: names.map((name) => service(name, 3)),
      metadata: { resourceVersion: '10', ...more },
    });
    const server = await inSteps(
      t,
      (response) => refuse(response, code),
      (response) => give(response, page(['a', 'b'], { continue: 'next' })),
      (response) => give(response, page(['c'], {})),
      (response) => tell(response, deleted('b', 11)),
    );
    const { told, ends } = followServices(t, server.api);
    await ends('deleted b');
    assert.deepEqual(told, ['all a b c', 'deleted b']);
    assert.deepEqual(requestsOf(server), ['watch list', 'list', 'list', 'watch from 10']);
  });

for (const code of [500, 504])
  test(`a WatchList that ends in an ERROR of code ${code} is replaced by a list`, { skip }, async (t) => {
    const server = await inSteps(
      t,
      (response) => tell(response, added('z', 1), fault(code)),
      (response) => give(response, { items: [service('a', 3)], metadata: { resourceVersion: '10' } }),
      silent,
    );
    const { told, ends } = followServices(t, server.api);
    await ends('all a');
    assert.deepEqual(told, ['all a']);
    await until(() => server.asked.length === 3, 'no watch');
    assert.deepEqual(requestsOf(server), ['watch list', 'list', 'watch from 10']);
  });

test('a server that ignores the wish for initial events is listed', { skip }, async (t) => {
  const server = await inSteps(
    t,
    (response) => tell(response, added('a', 5), bookmark(10)),
    (response) => give(response, { items: [service('a', 3)], metadata: { resourceVersion: '10' } }),
    silent,
  );
  const { ends } = followServices(t, server.api);
  await ends('all a');
});

for (const [name, answer] of [
  ['inside the stream', (response: ServerResponse) => tell(response, fault(410))],
  ['as the status', (response: ServerResponse) => refuse(response, 410)],
] as const)
  test(`410 ${name} lists again: what has gone meanwhile is told as deleted, before all others`, {
    skip,
  }, async (t) => {
    const server = await inSteps(t, ending(listed(['gone', 'stays', 'successor'])), knowsVersion, answer, (response) =>
      tell(response, added('stays', 5), added('successor', 20, 'uid-2'), added('new', 21), endOfList(22)),
    );
    const { told, ends, logged } = followServices(t, server.api);
    await ends('all new stays successor');
    assert.deepEqual(told, [
      'all gone stays successor',
      'deleted gone',
      'deleted successor',
      'all new stays successor',
    ]);
    assert.deepEqual(
      logged.filter(({ level }) => level !== 'debug'),
      [],
    );
  });

test('a server that does not know the version yet is listed again', { skip }, async (t) => {
  const details = { causes: [{ reason: 'ResourceVersionTooLarge' }] };
  const server = await inSteps(
    t,
    ending(listed(['a', 'b'])),
    (response) => refuse(response, 504, { details }),
    (response) => tell(response, added('a', 5), endOfList(7)),
  );
  const { told, ends } = followServices(t, server.api);
  await ends('all a');
  assert.deepEqual(told, ['all a b', 'deleted b', 'all a']);
});

test('a stream that goes silent is dead, and all objects are listed again', { skip }, async (t) => {
  const server = await inSteps(t, listed(['a']), listed(['b']));
  const { told, ends, follower, logged } = followServices(t, server.api, { times: { silenceMilliseconds: 300 } });
  await ends('all a');
  await ends('all a', 'deleted a', 'all b');
  assert.ok(follower.state.lists >= 2);
  assert.match(String(logged.find(({ level }) => level === 'warn')?.fields.reason), /has sent nothing for 0\.3 s/);
  assert.ok(told.length >= 3);
});

test('lines of any kind keep a stream alive', { skip }, async (t) => {
  const server = await inSteps(t, async (response) => {
    listed(['a'])(response, {} as Asked);
    for (let version = 11; ; version += 1) {
      await delay(50);
      if (response.destroyed) return;
      tell(response, bookmark(version));
    }
  });
  const { told, follower } = followServices(t, server.api, { times: { silenceMilliseconds: 400 } });
  await delay(1500);
  await follower.close();
  assert.deepEqual(told, ['all a']);
});

test('after an outage that is long enough for a restore, all objects are listed again', { skip }, async (t) => {
  const broken: Step = (response) => response.destroy();
  const slowlyBroken: Step = (response) => setTimeout(() => response.destroy(), 150);
  const short = await inSteps(t, ending(listed(['a'])), broken, knowsVersion, silent);
  followServices(t, short.api);
  await until(() => short.asked.length >= 4, 'no watch');
  assert.deepEqual(requestsOf(short), ['watch list', 'check 10', 'check 10', 'watch from 10']);
  const long = await inSteps(t, ending(listed(['a'])), slowlyBroken, listed(['b']));
  const { ends } = followServices(t, long.api, { times: { maxResumeMilliseconds: 100 } });
  await ends('deleted a', 'all b');
  assert.deepEqual(requestsOf(long), ['watch list', 'check 10', 'watch list']);
});

test('a server that ends each stream at once is asked with pauses', { skip }, async (t) => {
  const server = await startScriptedServer(t, ({ query }, response) =>
    ending(query.has('watch') ? listed(['a']) : knowsVersion)(response, {} as Asked),
  );
  const { follower } = followServices(t, server.api, { times: { firstMilliseconds: 50, maxMilliseconds: 200 } });
  await delay(1500);
  await follower.close();
  assert.ok(server.asked.length >= 3 && server.asked.length < 40, String(server.asked.length));
});

test('a pause that the server asks for is kept', { skip }, async (t) => {
  const server = await inSteps(t, (response) => response.writeHead(429, { 'retry-after': '1' }).end(), listed(['a']));
  const began = performance.now();
  const { ends, follower, logged } = followServices(t, server.api);
  await until(() => follower.state.trouble !== undefined, 'no trouble');
  assert.equal((follower.state.trouble as { code?: number } | undefined)?.code, 429);
  assert.equal(follower.state.inContactSince, undefined);
  await ends('all a');
  assert.ok(performance.now() - began > 990);
  assert.equal(follower.state.trouble, undefined);
  assert.deepEqual(
    logged.map(({ level, message }) => `${level} ${message}`),
    [
      'warn cannot follow objects of the Kubernetes cluster: trying again',
      'info follows objects of the Kubernetes cluster again',
    ],
  );
});

test('an object that is not picked counts as not there', { skip }, async (t) => {
  let ignored = 'b';
  const name = (own: string) => {
    if (own === 'bad') throw new Error('unreadable');
    return own === ignored ? undefined : own;
  };
  let stream: ServerResponse | undefined;
  const server = await inSteps(t, (response) => {
    stream = response;
    listed(['a', 'b', 'bad'], added('b', 11), deleted('b', 12), added('c', 13))(response, {} as Asked);
  });
  const { told, ends, logged } = followServices(t, server.api, { name });
  await ends('changed c');
  ignored = 'a';
  tell(stream as ServerResponse, modified('a', 14), modified('a', 15), modified('bad', 16), added('d', 17));
  await ends('changed d');
  assert.deepEqual(told, ['all a', 'changed c', 'deleted a', 'changed d']);
  assert.deepEqual(
    logged.map(({ level, fields }) => `${level} ${fields.object} ${fields.reason}`),
    ['warn default/bad unreadable', 'warn default/bad unreadable'],
  );
});

test('if a callback throws, the error is logged and all objects are listed again', { skip }, async (t) => {
  const server = await inSteps(t, listed(['a'], added('b', 11), added('c', 12)), listed(['a', 'b', 'c']));
  const changes: string[] = [];
  const changed = (one: string) => {
    changes.push(one);
    throw new Error('a bug');
  };
  const { ends, logged } = followServices(t, server.api, { changed });
  await ends('all a b c');
  assert.deepEqual(changes, ['b']);
  assert.match(String(logged.find(({ level }) => level === 'error')?.fields.reason), /a bug\n.*at /);
});

test('after close nothing is told, and the connection is closed', { skip }, async (t) => {
  let stream: ServerResponse | undefined;
  const server = await inSteps(t, (response) => {
    stream = response;
    listed(['a'])(response, {} as Asked);
  });
  const { told, ends, follower } = followServices(t, server.api);
  await ends('all a');
  await follower.close();
  tell(stream as ServerResponse, added('b', 11));
  await until(() => stream?.destroyed === true, 'the connection is open');
  assert.deepEqual(told, ['all a']);
  await follower.close();
});

test('close ends at once while the server is silent or away', { skip }, async (t) => {
  const mute = await inSteps(t, () => undefined);
  const away = await inSteps(t, (response) => response.destroy());
  for (const { api, asked } of [mute, away]) {
    const { follower } = followServices(t, api, { times: { firstMilliseconds: 60_000, maxMilliseconds: 60_000 } });
    await until(() => asked.length > 0, 'not asked');
    await delay(50);
    const began = performance.now();
    await follower.close();
    assert.ok(performance.now() - began < 1000);
  }
});
