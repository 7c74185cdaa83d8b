// The two SOAs in the difference of a dry run are those that DNS serves before and after the import.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type ServedApi, servedApi } from '../support/served-api.ts';

interface Content {
  ttl: number;
  records: string[];
}

interface Imported {
  difference?: { name: string; type: string; before?: Content; after?: Content }[];
}

const zone = '/v1/zones/p.example';
const textDns = { 'content-type': 'text/dns' };

async function prepare(t: TestContext, file: string): Promise<ServedApi> {
  const served = await servedApi(t);
  await served.api.ok(201, 'POST', '/v1/zones', { name: 'p.example' });
  if (file !== '') await put(served, file);
  return served;
}

async function put({ api }: ServedApi, text: string, query = ''): Promise<Imported> {
  const answer = await api.send('PUT', `${zone}/zonefile${query}`, text, textDns);
  assert.equal(answer.status, 200, answer.text);
  return answer.body as Imported;
}

/** Returns a SOA without its serial, because each change of the zone changes that. */
function withoutSerial(content: Content | undefined): string | undefined {
  return content && `${content.ttl} ${content.records.join().replace(/^(\S+ \S+) \d+/, '$1')}`;
}

const servedSoa = async ({ api }: ServedApi) =>
  withoutSerial(await api.ok<Content>(200, 'GET', `${zone}/rrsets/@/SOA`));

const ownNs = '@ 300 NS dc1\ndc1 300 A 10.0.0.1\n';
const soa = '@ 600 SOA dc1 hostmaster 1 2 3 4 5\n';
const www = 'www 300 A 10.0.0.2\n';

const imports: [what: string, before: string, file: string, primaries: [before: RegExp, after: RegExp]][] = [
  ['a SOA for a zone with NS records', ownNs, soa + ownNs, [/^300 dc1\.p\.example\. /, /^600 dc1\.p\.example\. /]],
  ['a SOA and NS records for a new zone', '', soa + ownNs, [/^300 ns-\S+ /, /^600 dc1\.p\.example\. /]],
  ['NS records for a new zone', '', ownNs, [/^300 ns-\S+ /, /^300 dc1\.p\.example\. /]],
  ['no NS records any more', ownNs, www, [/^300 dc1\.p\.example\. /, /^300 ns-\S+ /]],
  ['other NS records', ownNs, `@ 300 NS ns.example.\n@ 300 NS b.example.\n`, [/^300 dc1\.p/, /^300 b\.example\. /]],
];

for (const [what, before, file, [primaryBefore, primaryAfter]] of imports) {
  test(`a dry run shows the SOA that is served: ${what}`, async (t) => {
    const served = await prepare(t, before);
    const { difference } = await put(served, file, '?dryRun=true');
    const shown = difference?.find(({ type }) => type === 'SOA');
    assert.match(withoutSerial(shown?.before) ?? '', primaryBefore);
    assert.match(withoutSerial(shown?.after) ?? '', primaryAfter);
    assert.equal(withoutSerial(shown?.before), await servedSoa(served));
    await put(served, file);
    assert.equal(withoutSerial(shown?.after), await servedSoa(served));
  });
}

test('if the SOA of a file names the nameserver that the settings imply, no setting is made of it, also if the zone had NS records', async (t) => {
  const served = await prepare(t, '');
  const primary = (await served.api.ok<Content>(200, 'GET', `${zone}/rrsets/@/SOA`)).records[0]?.split(' ')[0];
  await put(served, ownNs);
  await put(served, `@ 300 SOA ${primary} hostmaster 1 2 3 4 5\n${www}`);
  const { soa: settings } = await served.api.ok<{ soa: object }>(200, 'GET', zone);
  assert.ok(!('mname' in settings), JSON.stringify(settings));
});
