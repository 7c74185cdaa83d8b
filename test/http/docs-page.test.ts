// The page /docs in a real Chromium: the example of every operation works unchanged, and the token stays in the tab.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { guide } from '../../src/http/guide.ts';
import { registerMember, startAnswering } from '../support/answering-target.ts';
import { adminToken } from '../support/api-client.ts';
import { findProgram } from '../support/peer-process.ts';
import { servedApi } from '../support/served-api.ts';

const executablePath = findProgram('chromium');
const skip = executablePath === undefined && process.env.CI !== 'true' ? 'chromium is not installed' : false;

/** The operations that the README uses, in its order. */
const readmeOrder = [
  'createPool',
  'createZone',
  'createHost',
  'listHosts',
  'nextAddresses',
  'listRRsets',
  'deleteHost',
  'putRRset',
  'putHost',
  'allocateAddresses',
  'changeAllocation',
  // These come before the example that deletes the forwarder.
  'putForwarder',
  'listCachedAnswers',
  'emptyForwarderCache',
];

test('every example works, in the order of the README and then of the page, and the page loads nothing from other servers', {
  skip,
  timeout: 600_000,
}, async (t) => {
  const { url, store } = await servedApi(t, { ledger: true });
  await registerMember(store, 'target', [`127.0.0.1:${(await startAnswering(t)).port}`]);
  const page = await openPage(t);
  const troubles = watchForTrouble(page, url);
  await page.goto(url);
  assert.equal(page.url(), `${url}/docs/`);
  assert.equal(await page.title(), 'Zonewright API');
  await authorise(page, adminToken);
  const names = await page
    .locator('.opblock')
    .evaluateAll((all) => all.map(({ id }) => id.replace(/^operations-/, '')));
  const operationOf = (name: string) => name.replace(/^\w+-/, '');
  const first = readmeOrder.map((operation) => names.find((name) => operationOf(name) === operation) ?? operation);
  for (const name of [...first, ...names.filter((one) => !first.includes(one))]) {
    const { status, text } = await tryOut(page, name);
    assert.match(status, /^20\d$/, `${name}: ${status} ${text}`);
  }
  assert.deepEqual(names.map(operationOf).sort(), Object.keys(guide).sort());
  assert.deepEqual(troubles, []);
});

test('the box for the token says where to find a token, and the tab keeps the token until a logout', {
  skip,
  timeout: 120_000,
}, async (t) => {
  const { url } = await servedApi(t);
  const page = await openPage(t);
  await page.goto(`${url}/docs`);
  await page.locator('button.authorize').first().click();
  const box = page.locator('.modal-ux');
  assert.match(await box.innerText(), /admin-token/);
  assert.match(await box.innerText(), /ZONEWRIGHT_ADMIN_TOKEN/);
  assert.doesNotMatch(await page.locator('body').innerText(), /swagger/i);
  await page.locator('.btn-done').click();
  await authorise(page, adminToken);
  await page.reload();
  assert.equal((await tryOut(page, 'pools-listPools')).status, '200');
  const other = await page.context().newPage();
  await other.goto(`${url}/docs/`);
  assert.equal((await tryOut(other, 'pools-listPools')).status, '401', 'another tab has the token too');
  await page.locator('button.authorize').first().click();
  await page.locator('.modal-ux button', { hasText: 'Logout' }).click();
  await page.reload();
  assert.equal((await tryOut(page, 'pools-listPools')).status, '401', 'the tab keeps the token after a logout');
});

async function openPage(t: TestContext): Promise<Page> {
  const browser: Browser = await chromium.launch({ executablePath: executablePath as string, args: ['--no-sandbox'] });
  t.after(() => browser.close());
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  context.setDefaultTimeout(60_000);
  return context.newPage();
}

/** Notes requests to other servers, and errors of the page, which include violations of the content security policy. */
function watchForTrouble(page: Page, url: string): string[] {
  const troubles: string[] = [];
  page.on('request', (request) => {
    if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(url)) troubles.push(request.url());
  });
  page.on('pageerror', (error) => troubles.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') troubles.push(message.text());
  });
  return troubles;
}

async function authorise(page: Page, token: string): Promise<void> {
  await page.locator('button.authorize').first().click();
  await page.locator('.modal-ux input').fill(token);
  await page.locator('.modal-ux button.authorize').click();
  await page.locator('.btn-done').click();
}

/** Presses "Try it out" and "Execute", and returns the status and the text of the answer. */
async function tryOut(page: Page, operation: string): Promise<{ status: string; text: string }> {
  const block = page.locator(`#operations-${operation}`);
  await press(block.locator('.opblock-summary-control'));
  await press(block.locator('.try-out__btn'));
  await press(block.locator('button.execute'));
  const answer = block.locator('.live-responses-table .response');
  await answer.waitFor();
  const status = (await answer.locator('.response-col_status').innerText()).trim().split(/\s/)[0] ?? '';
  const text = await answer.innerText();
  await press(block.locator('.opblock-summary-control'));
  return { status, text };
}

/** Presses a button without waiting until its animation has ended, which takes a second. */
async function press(button: Locator): Promise<void> {
  await button.evaluate((element: { click(): void }) => element.click());
}
