// Draws the dashboard of deploy/grafana with real data into docs/dashboard.png: runs two replicas on one etcd under a
// varied load, lets a real Prometheus scrape them, asks it the queries of the panels, and draws the panels in Chromium
// where Grafana would put them. Grafana itself is not used. The drawing: panels.ts.
//
// npm run picture:dashboard [seconds of load]

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { reply, startBadUpstream } from '../../test/support/bad-upstream.ts';
import { ask } from '../../test/support/dns-client.ts';
import { findProgram } from '../../test/support/peer-process.ts';
import { type PrometheusRequest, startPrometheus } from '../../test/support/prometheus.ts';
import { type Replica, startReplica } from '../../test/support/replica.ts';
import { stores } from '../../test/support/stores.ts';
import { type Cleanup, inScope, temporaryFolder } from '../../test/support/temporary.ts';
import { type Drawn, drawPanels, type Panel, type Series } from './panels.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const picture = join(root, 'docs/dashboard.png');
const seconds = Number(process.argv[2] ?? 180);

interface Found {
  data: { result: { metric: Record<string, string>; values: [number, string][] }[] };
}

await inScope(async (cleanup) => {
  const folder = await temporaryFolder(cleanup);
  const replicas = await startReplicas(cleanup, folder);
  const prometheus = await startPrometheus(
    cleanup,
    folder,
    replicas.map(({ url }) => new URL(url).host),
  );
  await work(replicas);
  const { panels } = JSON.parse(await readFile(join(root, 'deploy/grafana/zonewright.json'), 'utf8')) as {
    panels: Panel[];
  };
  const end = Date.now() / 1000;
  const drawn = await Promise.all(panels.map((panel) => askPanel(prometheus, panel, end)));
  const executablePath = findProgram('chromium');
  if (executablePath === undefined) throw new Error('Chromium is not installed: install chromium');
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  cleanup.after(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1600, height: 100 } });
  await page.setContent(await drawPanels(drawn));
  await page.screenshot({ path: picture, fullPage: true });
  console.log(`drew ${picture}`);
});

async function startReplicas(cleanup: Cleanup, folder: string): Promise<Replica[]> {
  const store = stores.find(({ name }) => name === 'etcd');
  if (store === undefined || store.skip !== false) throw new Error(`etcd: ${store?.skip}`);
  const { flags } = await store.prepare(cleanup);
  const replicas = [];
  for (const name of ['a', 'b'])
    replicas.push(await startReplica(cleanup, join(folder, name), [...flags, '--replica', name]));
  const [first] = replicas as [Replica];
  await first.expect(201, 'POST', '/v1/pools', { name: 'default', ranges: ['172.17.200.100-172.17.203.250'] });
  await first.expect(201, 'POST', '/v1/pools', { name: 'subnet-201', ranges: ['172.18.0.0/22'], autoAssign: false });
  await first.expect(201, 'POST', '/v1/zones', { name: 'foowidgets.k8s' });
  const corp = await startBadUpstream(cleanup, (query) => [reply(query)]);
  await first.expect(201, 'PUT', '/v1/forwarders/corp.example', { targets: [`127.0.0.1:${corp.port}`] });
  return replicas;
}

/** Creates and deletes hosts, and asks questions, with a busy time in the middle. */
async function work(replicas: readonly Replica[]): Promise<void> {
  const since = performance.now();
  for (let step = 0; ; step += 1) {
    const part = (performance.now() - since) / 1000 / seconds;
    if (part >= 1) return;
    const busy = part > 0.4 && part < 0.7 ? 8 : 2;
    await Promise.all(replicas.map((replica, at) => workAt(replica, step * 2 + at, busy)));
    await delay(100);
  }
}

async function workAt(replica: Replica, step: number, busy: number): Promise<void> {
  const pool = step % 3 === 0 ? 'subnet-201' : 'default';
  await replica.request('POST', '/v1/hosts', { name: `web-${step}.foowidgets.k8s`, pool });
  if (step % 4 === 0) await replica.request('DELETE', `/v1/hosts/web-${step - 40}.foowidgets.k8s`);
  await replica.request('GET', '/v1/hosts?limit=20');
  for (let one = 0; one < busy; one += 1) {
    const names = [`web-${step - one}`, `none-${one}`].map((label) => `${label}.foowidgets.k8s`);
    const asked = [...names, `intranet-${one}.corp.example`, 'example.org'];
    const { dns: server } = replica;
    await Promise.all(
      asked.map((name) => ask({ server, name, type: 'A', recursionDesired: true }).catch(() => undefined)),
    );
  }
}

async function askPanel(prometheus: PrometheusRequest, panel: Panel, end: number): Promise<Drawn> {
  const series: Series[] = [];
  for (const { expr, legendFormat = '' } of panel.targets ?? []) {
    const query = expr
      .replaceAll('$job', 'zonewright')
      .replaceAll('$instance', '.+')
      .replaceAll('$__rate_interval', '10s');
    const range = new URLSearchParams({ query, start: `${end - seconds}`, end: `${end}`, step: '1' });
    const { data } = await prometheus<Found>(`/api/v1/query_range?${range}`);
    for (const { metric, values } of data.result)
      series.push({
        label: legendFormat.replace(/\{\{(\w+)\}\}/g, (_, name: string) => metric[name] ?? ''),
        values: values.map(([time, value]) => [time, Number(value)]),
      });
  }
  return { panel, series };
}
