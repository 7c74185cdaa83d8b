// readJson refuses bodies that JSON.parse would accept: octets that are not UTF-8, and names such as `__proto__`. It
// notes duplicate fields, which are refused later.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Refusal } from '../../src/errors.ts';
import { faultsOfJson, readJson } from '../../src/http/read-json.ts';
import { servedApi } from '../support/served-api.ts';

const read = (text: string) => readJson(Buffer.from(text));

async function pathsOf(text: string): Promise<string[] | undefined> {
  try {
    const noted = faultsOfJson(await read(text));
    if (noted.length > 0) return noted.map(({ path }) => path);
  } catch (error) {
    assert.ok(error instanceof Refusal);
    assert.equal(error.code, 'invalid_request');
    return error.errors?.map(({ path }) => path);
  }
  return assert.fail(`${text} is not refused`);
}

test('readJson reads any JSON as JSON.parse does', async () => {
  const isPlain = (text: string) => !text.includes('__proto__');
  await fc.assert(
    fc.asyncProperty(fc.json().filter(isPlain), fc.boolean(), async (text, spaced) => {
      const written = spaced ? JSON.stringify(JSON.parse(text), null, 2) : text;
      assert.deepEqual(await read(written), JSON.parse(written));
    }),
  );
  assert.deepEqual(await read('\ufeff{"a": 1}'), { a: 1 });
});

const refused: [text: string, ...paths: string[]][] = [
  ['{"a": 1, "a": 1}', '/a'],
  ['{"a": 1, "\\u0061": 2, "b": {"c": [], "c": 1}}', '/a', '/b/c'],
  ['[{"a": 1}, {"a": {"x": 1}, "b": {"x": 2, "y": "{,", "x": 3}}]', '/1/b/x'],
  ['{"a/b~": {"": 1, "": 2}}', '/a~1b~0/'],
  ['{"__proto__": {"name": "a"}}', '/__proto__'],
  ['{"tags": {"_\\u005fproto__": "x"}}', '/tags/__proto__'],
];

test('a refusal points at duplicate fields, and at fields whose names are not allowed', async () => {
  for (const [text, ...paths] of refused) assert.deepEqual(await pathsOf(text), paths, text);
  for (const text of ['', '{', '{"a": 1,}', '{"a": 1} x', '\0', "{'a': 1}"])
    assert.equal(await pathsOf(text), undefined);
});

test('a body full of faults gets an answer that is not larger than the body', async () => {
  const twice = (count: number) => Array(count).fill('"":1').join();
  const wide = `{${twice(50_000)}}`;
  assert.ok(((await pathsOf(wide))?.length ?? 0) <= 100);
  const long = `{"${'k'.repeat(100_000)}":{${twice(10_000)}}}`;
  assert.ok(JSON.stringify(await pathsOf(long)).length < 2 * long.length);
  for (const [open, close] of [
    ['{"k":', '}'],
    ['[', ']'],
  ] as const) {
    const deep = `${open.repeat(100_000)}{${twice(1_000)}}${close.repeat(100_000)}`;
    assert.equal(await pathsOf(deep), undefined);
    await assert.rejects(read(deep), /64 levels/);
  }
});

const fields = (count: number) => `{${Array.from({ length: count }, (_, i) => `"${i}":0`).join()}}`;

test('a body is refused before it is parsed if it has too many levels, fields or values', async (t) => {
  const parse = t.mock.method(JSON, 'parse');
  for (const [text, ...paths] of [
    [fields(350_000), ''],
    [`{"name":"a","tags":[${fields(350_000)}]}`, '/tags/0'],
  ] as const)
    assert.deepEqual(await pathsOf(text), paths);
  await assert.rejects(read(`[${'0,'.repeat(1_000_000)}0]`), /150000 values/);
  await assert.rejects(read(`[${'[],'.repeat(500_000)}[]]`), /150000 values/);
  // The levels are counted even if the text is not JSON.
  for (const open of ['[', '{"":', '{', ',[', '"a"{']) await assert.rejects(read(open.repeat(100_000)), /64 levels/);
  assert.equal(parse.mock.callCount(), 0);
});

test('a body with very many values is refused with its first fault', async (t) => {
  const { api } = await servedApi(t);
  const ranges = Array.from({ length: 100_000 }, () => 0);
  await api.refused('invalid_request', 'POST', '/v1/pools', { name: 'p', ranges }, ['/ranges']);
  await api.refused('invalid_request', 'POST', '/v1/pools', { ranges: [0, 0] }, ['/name', '/ranges/0', '/ranges/1']);
});

test('a refusal of many unknown fields names the first ones, and counts the others', async (t) => {
  const { api } = await servedApi(t);
  const body = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`field${i}`, 1]));
  const problem = await api.refused('invalid_request', 'POST', '/v1/pools', body);
  assert.equal((problem.errors as unknown[]).length, 100);
  assert.match(problem.detail, /and \d+ more$/);
});

test('octets that are not UTF-8 are refused instead of replaced', async (t) => {
  const { api, url, dump } = await servedApi(t);
  const before = await dump();
  const body = Buffer.from('{"name": "p", "ranges": ["192.0.2.0/30"], "description": "\xe9"}', 'latin1');
  const headers = { authorization: 'Bearer a-token-for-tests-only', 'content-type': 'application/json' };
  const answer = await fetch(`${url}/v1/pools`, { method: 'POST', headers, body });
  assert.equal(answer.status, 400);
  assert.match(((await answer.json()) as { detail: string }).detail, /UTF-8/);
  await api.refused('invalid_request', 'POST', '/v1/zones', '{"name": "a", "name": "b"}', ['/name']);
  assert.deepEqual(await dump(), before);
});
