// The alert rules and the dashboard: promtool accepts and tests the rules, and every expression finds data in a real
// Prometheus that scrapes a real replica.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { reply, startBadUpstream } from '../support/bad-upstream.ts';
import { makeCertificate } from '../support/certificate.ts';
import { findProgram } from '../support/peer-process.ts';
import { startPrometheus } from '../support/prometheus.ts';
import { startReplica } from '../support/replica.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { until } from '../support/until.ts';

const deploy = fileURLToPath(new URL('../../deploy/', import.meta.url));
const rules = join(deploy, 'prometheus/zonewright.rules.yml');
const run = promisify(execFile);
const skip =
  findProgram('promtool') === undefined && process.env.CI !== 'true'
    ? 'Prometheus is not installed: install prometheus'
    : false;

interface Dashboard {
  panels: { title: string; targets?: { expr: string }[] }[];
}

/** The answer of Prometheus to a query, or its list of rules. */
interface Answer {
  status: string;
  error?: string;
  data: { result: unknown[]; groups: { rules: { query: string; health: string; lastError?: string }[] }[] };
}

/** Metrics that a replica has only on etcd (test/interop/skydns.test.ts). */
const metricsOfEtcd = ['zonewright_skydns_not_served'];
/** The titles of panels that have no data as long as nothing is wrong. */
const quietPanels = ['Not answered'];

suite('Prometheus', { skip }, () => {
  test('promtool accepts the rules, and its tests of the alerts pass', async () => {
    await run('promtool', ['check', 'rules', rules]);
    await run('promtool', ['test', 'rules', join(deploy, 'prometheus/zonewright.rules.test.yml')]);
  });

  test('every rule and every panel of the dashboard has data', async (t) => {
    const folder = await temporaryFolder(t);
    const { cert, key } = await makeCertificate(folder, 'dns');
    const secure = ['--dns-tls', '127.0.0.1:0', '--dns-tls-cert', cert, '--dns-tls-key', key];
    const replica = await startReplica(t, join(folder, 'replica'), secure);
    await replica.expect(201, 'POST', '/v1/pools', { name: 'default', ranges: ['10.8.0.0/24'] });
    await replica.expect(201, 'POST', '/v1/zones', { name: 'foowidgets.k8s' });
    await replica.expect(201, 'POST', '/v1/hosts', { name: 'nginx.foowidgets.k8s' });
    await replica.ask('nginx.foowidgets.k8s', 'A');
    const corp = await startBadUpstream(t, (query) => [reply(query)]);
    await replica.expect(201, 'PUT', '/v1/forwarders/corp.test', { targets: [`127.0.0.1:${corp.port}`] });

    const request = await startPrometheus(t, folder, [new URL(replica.url).host], [rules]);
    const { panels } = JSON.parse(await readFile(join(deploy, 'grafana/zonewright.json'), 'utf8')) as Dashboard;
    const ask = (expression: string) => request<Answer>(`/api/v1/query?query=${encodeURIComponent(expression)}`);
    // Waits for two scrapes, because a rate needs two.
    const rate = 'rate(zonewright_http_request_duration_seconds_count[10s])';
    await until(async () => (await ask(rate)).data.result.length > 0, 'Prometheus has not scraped twice');
    for (const { title, targets = [] } of panels) {
      for (const { expr } of targets) {
        const filled = expr
          .replaceAll('$job', 'zonewright')
          .replaceAll('$instance', '.+')
          .replaceAll('$__rate_interval', '10s');
        const { status, error } = await ask(filled);
        assert.equal(status, 'success', `${title}: ${error}`);
        if (quietPanels.includes(title)) continue;
        const hasData = async () => {
          await replica.ask('nginx.foowidgets.k8s', 'A');
          return (await ask(filled)).data.result.length > 0;
        };
        await until(hasData, `the panel '${title}' has no data: ${expr}`);
      }
    }
    const read = async () => (await request<Answer>('/api/v1/rules')).data.groups.flatMap((group) => group.rules);
    await until(
      async () => (await read()).every(({ health }) => health !== 'unknown'),
      'the rules were not run',
      30_000,
    );
    for (const { query, health, lastError } of await read()) {
      assert.equal(health, 'ok', String(lastError));
      for (const [metric = ''] of query.matchAll(/\b(?:zonewright_\w+|up)\b/g)) {
        if (metricsOfEtcd.includes(metric)) continue;
        const { data } = await ask(metric);
        assert.ok(data.result.length > 0, `a rule reads ${metric}, which the replica does not have`);
      }
    }
  });
});
