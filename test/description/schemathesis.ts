// Sends a replica requests that the description allows, and checks each answer: `npm run test:schemathesis`. No answer
// may be 400, and the description must have each answer. Schemathesis needs Python, and is installed once.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { registerMember, startAnswering } from '../support/answering-target.ts';
import { adminToken } from '../support/api-client.ts';
import { makeCertificate, withoutOpenssl } from '../support/certificate.ts';
import { testCache } from '../support/newest-etcd.ts';
import { findProgram } from '../support/peer-process.ts';
import { servedApi } from '../support/served-api.ts';
import { temporaryFolder } from '../support/temporary.ts';

const version = '4.32.5';
const folder = join(testCache, `schemathesis-${version}`);
const program = join(folder, 'bin', 'schemathesis');
const settings = join(import.meta.dirname, 'schemathesis');
const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'positive_data_acceptance',
];
const why = withoutOpenssl || install();

test('no request that the description allows is refused with 400, and no answer is undescribed', {
  skip: why,
}, async (t) => {
  const { url, api, store } = await servedApi(t, { ledger: true });
  const target = await startAnswering(t);
  await registerMember(store, 'a', [`127.0.0.1:${target.port}`]);
  const { cert } = await makeCertificate(await temporaryFolder(t), 'authority');
  for (const name of ['foo.k8s', 'bar.k8s']) await api.ok(201, 'POST', '/v1/zones', { name });
  await api.ok(201, 'POST', '/v1/pools', { name: 'default', ranges: ['10.0.0.0/24'] });
  const options = ['--url', url, '--header', `Authorization: Bearer ${adminToken}`, '--mode', 'positive'];
  const amount = ['--max-examples', process.env.ZONEWRIGHT_TEST_REQUESTS ?? '30', '--continue-on-failure'];
  const how = [
    '--phases',
    'examples,fuzzing',
    '--suppress-health-check',
    'all',
    '--checks',
    checks.join(),
    '--no-color',
  ];
  const args = ['--config-file', join(settings, 'schemathesis.toml'), 'run', ...options, ...amount, ...how];
  const env = { ...process.env, SCHEMATHESIS_HOOKS: 'hooks', PYTHONPATH: settings, ZONEWRIGHT_TEST_CERTIFICATE: cert };
  const child = spawn(program, [...args, `${url}/openapi.json`], { stdio: 'inherit', env, cwd: folder });
  const status = await new Promise((resolve) => child.once('close', resolve));
  if (status !== 0) throw new Error('Schemathesis found answers that the description does not have');
});

/** Installs Schemathesis, unless it is installed. Returns why it cannot be used; false if it can. */
function install(): string | false {
  if (existsSync(program)) return false;
  const python = findProgram('python3');
  if (python === undefined) return 'Python is not installed';
  mkdirSync(testCache, { recursive: true });
  const steps = [
    [python, '-m', 'venv', folder],
    [join(folder, 'bin', 'pip'), 'install', '--quiet', `schemathesis==${version}`],
  ];
  const failed = steps.find(([command = '', ...args]) => spawnSync(command, args, { stdio: 'inherit' }).status !== 0);
  return failed === undefined ? false : `Schemathesis cannot be installed: ${failed.join(' ')}`;
}
