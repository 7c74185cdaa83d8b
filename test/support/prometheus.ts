// Starts a real Prometheus on a free port.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from './free-port.ts';
import { startPeerProcess } from './peer-process.ts';
import type { Cleanup } from './temporary.ts';
import { until } from './until.ts';

/** Prometheus' answer to a request, as JSON. */
export type PrometheusRequest = <T>(path: string) => Promise<T>;

/**
 * Starts Prometheus. It scrapes the targets (`host:port`) as the job `zonewright` every second, and evaluates the rule
 * files. Resolves with a function that sends it a GET request.
 */
export async function startPrometheus(
  test: Cleanup,
  folder: string,
  targets: readonly string[],
  ruleFiles: readonly string[] = [],
): Promise<PrometheusRequest> {
  const port = await freePort();
  const config = join(folder, 'prometheus.yml');
  const scrape = [{ job_name: 'zonewright', static_configs: [{ targets }] }];
  const global = { scrape_interval: '1s', evaluation_interval: '1s' };
  // Prometheus reads YAML, and JSON is YAML.
  await writeFile(config, JSON.stringify({ global, rule_files: ruleFiles, scrape_configs: scrape }));
  const listen = `--web.listen-address=127.0.0.1:${port}`;
  const storage = `--storage.tsdb.path=${join(folder, 'prometheus')}`;
  const prometheus = startPeerProcess(test, 'prometheus', [`--config.file=${config}`, listen, storage]);
  const request = async <T>(path: string): Promise<T> => {
    if (prometheus.hasEnded()) throw new Error(`Prometheus has ended: ${prometheus.output()}`);
    return (await fetch(`http://127.0.0.1:${port}${path}`)).json() as Promise<T>;
  };
  const answers = () =>
    request('/api/v1/rules').then(
      () => true,
      () => false,
    );
  await until(answers, 'Prometheus does not answer');
  return request;
}
