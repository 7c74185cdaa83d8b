// The certificate of DNS over TLS and HTTPS is checked at the start, and loaded again when its files change. Open
// connections stay open.

import assert from 'node:assert/strict';
import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { connect } from 'node:tls';
import { ConfigFaults, readConfig } from '../../../src/config.ts';
import { readCertificate } from '../../../src/dns/listen/certificate.ts';
import type { Endpoint } from '../../../src/model/endpoint.ts';
import { makeCertificate, withoutOpenssl } from '../../support/certificate.ts';
import { queryBytes, TcpClient } from '../../support/dns-client.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { until } from '../../support/until.ts';
import { keepingLog, loopback } from './running-server.ts';
import { runSecureServer } from './secure-server.ts';

const question = { name: 'host.example', type: 'A' };

/** Returns the common name of the certificate that the server shows. */
function shown({ address, port }: Endpoint, ca: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, ca, servername: 'localhost' });
    socket.on('error', reject);
    socket.on('secureConnect', () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
  });
}

suite('certificate', { skip: withoutOpenssl, concurrency: 3 }, () => {
  test('a new certificate is used, a bad one is not, and open connections stay open', async (t) => {
    const logger = keepingLog();
    const { tls, https, folder, certificate } = await runSecureServer(t, { logger });
    const second = await makeCertificate(folder, 'second');
    const ca = [certificate.ca, second.ca];
    const client = await TcpClient.openTls(tls, { ca }, t);
    assert.equal(await shown(https, ca), 'first');

    await rename(second.key, certificate.key);
    await until(() => logger.entries.some(({ level }) => level === 'error'), 'a pair that is none was not noticed');
    assert.equal(await shown(tls, ca), 'first');

    await rename(second.cert, certificate.cert);
    await until(
      () => logger.entries.some(({ message }) => message.includes('has changed')),
      'the new pair is not used',
    );
    assert.deepEqual([await shown(tls, ca), await shown(https, ca)], ['second', 'second']);
    client.send(queryBytes(question));
    await client.next();
  });

  test('a new certificate is used when a link changes to another folder, as in Kubernetes', async (t) => {
    const folder = await temporaryFolder(t);
    const pairs = [];
    for (const name of ['first', 'second']) {
      await mkdir(join(folder, name));
      const pair = await makeCertificate(join(folder, name), 'tls');
      await rename(pair.cert, join(folder, name, 'cert'));
      await rename(pair.key, join(folder, name, 'key'));
      pairs.push(pair);
    }
    await symlink('first', join(folder, 'data'));
    const logger = keepingLog();
    const files = { cert: join(folder, 'data/cert'), key: join(folder, 'data/key') };
    const { server } = await runSecureServer(t, { logger, secure: { tls: [loopback], https: [], certificate: files } });
    await symlink('second', join(folder, 'next'));
    await rename(join(folder, 'next'), join(folder, 'data'));
    await until(
      () => logger.entries.some(({ message }) => message.includes('has changed')),
      'the new pair is not used',
    );
    assert.equal(await shown(server.tls[0]!, [pairs[1]!.ca]), 'tls');
    await assert.rejects(shown(server.tls[0]!, [pairs[0]!.ca]));
  });

  test('missing files, and files that are not a certificate and its key, are refused', async (t) => {
    const folder = await temporaryFolder(t);
    const [first, second] = [await makeCertificate(folder, 'first'), await makeCertificate(folder, 'second')];
    await assert.rejects(readCertificate({ ...first, key: join(folder, 'none') }), /--dns-tls-key: .*none/);
    await assert.rejects(readCertificate({ ...first, key: second.key }), /must be a certificate and its own/);
    await writeFile(first.cert, 'no certificate');
    await assert.rejects(readCertificate(first), /must be a certificate/);
    // Empty files, as on a full disk, or after the start of a write.
    for (const empty of ['', '\n']) {
      await writeFile(first.cert, empty);
      await assert.rejects(readCertificate(first), /--dns-tls-cert '.*first.*' must be .*: the certificate is empty/);
      await assert.rejects(
        readCertificate({ ...second, key: first.cert }, 'API'),
        /--http-tls-key '.*first.*' must be .*: the key is empty/,
      );
    }
  });
});

test('a certificate without a listener, and a listener without a certificate, are faults of the settings', () => {
  const faults = (...flags: string[]) => {
    try {
      readConfig(flags, {});
      return [];
    } catch (error) {
      assert.ok(error instanceof ConfigFaults);
      return error.faults;
    }
  };
  assert.match(faults('--dns-tls', '127.0.0.1:853').join(), /need a certificate/);
  assert.match(faults('--dns-https', '[::1]:443', '--dns-tls-cert', 'c.pem').join(), /need a certificate/);
  assert.match(faults('--dns-tls-cert', 'c.pem', '--dns-tls-key', 'k.pem').join(), /no effect without/);
  assert.deepEqual(faults('--dns-tls', '127.0.0.1:853', '--dns-tls-cert', 'c.pem', '--dns-tls-key', 'k.pem'), []);
});
