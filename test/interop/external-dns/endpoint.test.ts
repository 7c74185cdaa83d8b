// What external-dns writes is read, and shown to it again in the same form. Otherwise, each of its runs would change
// it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ExternalDnsEndpoint, endpointOf, readEndpoint } from '../../../src/interop/external-dns/endpoint.ts';
import { InvalidValue } from '../../../src/model/invalid-value.ts';

const owned = '"heritage=external-dns,external-dns/owner=lab,external-dns/resource=service/default/nginx"';

/** Returns what external-dns reads after it wrote the endpoint. */
function writtenAndRead(endpoint: ExternalDnsEndpoint): ExternalDnsEndpoint | undefined {
  const { owner, type, ttl = 300, records } = readEndpoint(endpoint);
  return endpointOf(owner, { type, ttl, records });
}

const same: [type: string, targets: string[]][] = [
  ['A', ['10.0.0.1', '10.0.0.2']],
  ['AAAA', ['fd00::1']],
  ['CNAME', ['nginx.lab.test']],
  ['DNAME', ['other.test']],
  ['MX', ['10 mail.lab.test']],
  ['NS', ['ns1.lab.test']],
  ['PTR', ['web.lab.test']],
  ['SRV', ['10 5 5060 sip.lab.test.']],
  ['NAPTR', ['10 20 "u" "sip" "" sip.lab.test.']],
  ['TXT', [owned]],
  ['TXT', ['"a=1" "b=2"']],
  ['TXT', [`"${'x'.repeat(700)}"`]],
  ['TXT', ['""']],
];

for (const [recordType, targets] of same) {
  test(`${recordType} ${targets.join(' ').slice(0, 40)} stays as it is`, () => {
    const endpoint = { dnsName: 'web.lab.test', targets, recordType, recordTTL: 60 };
    assert.deepEqual(writtenAndRead(endpoint), endpoint);
  });
}

test('a text without quotes is read in quotes', () => {
  const endpoint = { dnsName: 'web.lab.test', targets: ['say "hi" to all'], recordType: 'TXT' };
  assert.deepEqual(writtenAndRead(endpoint)?.targets, ['"say \\"hi\\" to all"']);
});

test('an endpoint without a TTL leaves the TTL to its zone', () => {
  assert.equal(readEndpoint({ dnsName: 'web.lab.test', targets: ['10.0.0.1'], recordType: 'A' }).ttl, undefined);
});

test('names in a wildcard and with the ownership of one are read', () => {
  for (const dnsName of ['*.apps.lab.test', 'a-*.apps.lab.test'])
    assert.equal(readEndpoint({ dnsName, targets: [owned], recordType: 'TXT' }).owner, dnsName);
});

const refused: [what: string, endpoint: ExternalDnsEndpoint, message: RegExp][] = [
  ['no name', { targets: ['10.0.0.1'], recordType: 'A' }, /no name/],
  ['no targets', { dnsName: 'web.lab.test', recordType: 'A' }, /no targets/],
  ['a set identifier', { dnsName: 'a.test', targets: ['10.0.0.1'], recordType: 'A', setIdentifier: 'x' }, /set ident/],
  ['an unknown type', { dnsName: 'a.test', targets: ['x'], recordType: 'SOA' }, /type SOA/],
  ['a name as an address', { dnsName: 'a.test', targets: ['lab.test'], recordType: 'A' }, /./],
  ['two CNAMEs', { dnsName: 'a.test', targets: ['b.test', 'c.test'], recordType: 'CNAME' }, /one CNAME/],
  ['too long a TTL', { dnsName: 'a.test', targets: ['10.0.0.1'], recordType: 'A', recordTTL: 2 ** 31 }, /TTL/],
];

for (const [what, endpoint, message] of refused) {
  test(`${what} is refused`, () => {
    assert.throws(
      () => readEndpoint(endpoint),
      (error) => error instanceof InvalidValue && message.test(error.message),
    );
  });
}

test('any endpoint is read or refused with a reason, and any text is read again as it was written', () => {
  const texts = fc.string({ unit: 'binary', maxLength: 600 });
  const types = fc.constantFrom('A', 'AAAA', 'CNAME', 'DNAME', 'MX', 'NAPTR', 'NS', 'PTR', 'SRV', 'TXT', 'X');
  fc.assert(
    fc.property(texts, types, fc.array(texts, { maxLength: 3 }), (dnsName, recordType, targets) => {
      try {
        const read = writtenAndRead({ dnsName, targets, recordType });
        if (read !== undefined) assert.deepEqual(writtenAndRead(read), read);
      } catch (error) {
        assert.ok(error instanceof InvalidValue, String(error));
      }
    }),
  );
  fc.assert(
    fc.property(texts, (text) => {
      if (!text.isWellFormed() || text === '') return;
      const read = writtenAndRead({ dnsName: 'a.test', targets: [text.replace(/^"/, '')], recordType: 'TXT' });
      assert.deepEqual(writtenAndRead(read as ExternalDnsEndpoint), read);
    }),
  );
});
