// The files of the page below /docs, and the headers with which answers are not kept or passed on. docs-page.test.ts
// tests the page itself.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adminToken } from '../support/api-client.ts';
import { servedApi } from '../support/served-api.ts';

test('/ and /docs lead to the page, which no other page may frame, and which loads only its own files', async (t) => {
  const { url } = await servedApi(t);
  for (const path of ['/', '/docs']) {
    const answer = await fetch(url + path, { redirect: 'manual' });
    assert.equal(answer.status, 302);
    assert.equal(new URL(answer.headers.get('location') ?? '', url + path).href, `${url}/docs/`);
  }
  const page = await fetch(`${url}/docs/`);
  const policy = page.headers.get('content-security-policy') ?? '';
  for (const part of ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"])
    assert.ok(policy.split('; ').includes(part), policy);
  const html = await page.text();
  assert.doesNotMatch(html, /https?:/);
  const files = [...html.matchAll(/(?:src|href)="([^".][^"]*)"/g)].map(([, file]) => String(file));
  assert.ok(files.length >= 5, files.join());
  for (const file of files) {
    const answer = await fetch(`${url}/docs/${file}`);
    assert.equal(answer.status, 200, file);
    assert.ok((await answer.text()).length > 100, file);
  }
  for (const path of ['/docs/..%2fdocs.ts', '/docs/package.json', '/docs/toString'])
    assert.equal((await fetch(url + path)).status, 404, path);
});

test('headers forbid that caches keep answers, that browsers guess media types, and that links tell other servers the URL', async (t) => {
  const { url } = await servedApi(t);
  const headers = { authorization: `Bearer ${adminToken}` };
  for (const path of [
    '/v1/pools',
    '/v1/pools/none',
    '/v1/nothing',
    '/nothing',
    '/openapi.json',
    '/healthz',
    '/metrics',
    '/docs/',
  ]) {
    const answer = await fetch(url + path, { headers });
    assert.equal(answer.headers.get('cache-control'), path === '/docs/' ? 'no-cache' : 'no-store', path);
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff', path);
    assert.equal(answer.headers.get('referrer-policy'), 'no-referrer', path);
  }
  assert.equal((await fetch(`${url}/v1/pools`)).headers.get('cache-control'), 'no-store');
});
