// Cookies in queries and responses, by section of RFC 7873. rfc9018-cookies.test.ts tests how server cookies are made.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { counterFamilies, newResponseCounters } from '../../../src/dns/respond/counters.ts';
import {
  clientAt,
  clockAt,
  ednsOption,
  encodeQuestion,
  optionsOf,
  serve,
  wholeRcode,
  withOptions,
} from '../../support/answers.ts';

const secrets = [Buffer.from('e5e973e5a6b2a43f48e7dc849e37bfcf', 'hex')];
const clock = clockAt(1559731985);
const zone = 'host.example. 60 A 192.0.2.1';
const counters = newResponseCounters();
const lax = serve(zone, { settings: { cookies: { strict: false, secrets } }, clock, counters });
const strict = serve(zone, { settings: { cookies: { strict: true, secrets } }, clock });
const off = serve(zone, { clock });

const [NOERROR, FORMERR, NOTIMP, REFUSED, BADVERS, BADCOOKIE] = [0, 1, 4, 5, 16, 23];
const own = '2464c4abcf10c957';
const good = `${own}010000005cf79f111f8130c3eee29480`;
const wrong = `${own}010000005cf79f110000000000000000`;
const client = clientAt('198.51.100.100');
const overTcp = clientAt('198.51.100.100', 'tcp');
const asked = encodeQuestion('host.example. A edns');
const cookieQuery = (...cookies: string[]) => withOptions(asked, ...cookies.map((data) => ednsOption(10, data)));

/** Returns a query without a question: a header and an OPT record (RFC 7873 §5.4). */
function questionless(...options: Buffer[]): Buffer {
  const header = Buffer.from([0x12, 0x67, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  return withOptions(Buffer.concat([header, asked.subarray(-11)]), ...options);
}

function ask(server: typeof lax, query: Buffer, from = client) {
  const response = server.exchange(query, from);
  assert.ok(response);
  return { rcode: wholeRcode(response), answers: response.readUInt16BE(6), cookie: optionsOf(response).get(10) };
}

test('§5.2.1: a query without a cookie gets an answer without one, in strict mode too', () => {
  for (const server of [lax, strict, off]) {
    assert.deepEqual(ask(server, asked), { rcode: NOERROR, answers: 1, cookie: undefined });
    assert.deepEqual(ask(server, encodeQuestion('host.example. A')), { rcode: NOERROR, answers: 1, cookie: undefined });
  }
});

test('§5.2.2: a cookie of an invalid length gets FORMERR', () => {
  for (let length = 0; length <= 48; length += 1) {
    const whole = length === 8 || (length >= 16 && length <= 40);
    const { rcode, cookie } = ask(lax, cookieQuery('ab'.repeat(length)));
    assert.equal(rcode, whole ? NOERROR : FORMERR, `${length} octets`);
    assert.equal(cookie?.length, whole ? 48 : undefined);
    assert.equal(
      ask(off, cookieQuery('ab'.repeat(length))).rcode,
      NOERROR,
      'the option is not ignored while cookies are off',
    );
  }
});

test('§5.2.3: a client cookie alone gets a server cookie, and in strict mode BADCOOKIE over UDP', () => {
  assert.deepEqual(ask(lax, cookieQuery(own)), { rcode: NOERROR, answers: 1, cookie: good });
  assert.deepEqual(ask(strict, cookieQuery(own)), { rcode: BADCOOKIE, answers: 0, cookie: good });
  assert.deepEqual(ask(strict, cookieQuery(own), overTcp), { rcode: NOERROR, answers: 1, cookie: good });
  assert.deepEqual(ask(off, cookieQuery(own)), { rcode: NOERROR, answers: 1, cookie: undefined });
});

test('§5.2.4: a wrong server cookie gets a new one, and in strict mode BADCOOKIE over UDP', () => {
  assert.deepEqual(ask(lax, cookieQuery(wrong)), { rcode: NOERROR, answers: 1, cookie: good });
  assert.deepEqual(ask(strict, cookieQuery(wrong)), { rcode: BADCOOKIE, answers: 0, cookie: good });
  assert.deepEqual(ask(strict, cookieQuery(wrong), overTcp), { rcode: NOERROR, answers: 1, cookie: good });
  assert.equal(ask(strict, cookieQuery(good), clientAt('198.51.100.101')).rcode, BADCOOKIE);
});

test('§5.2.5: a good server cookie gets the answer and the same cookie', () => {
  for (const server of [lax, strict]) {
    assert.deepEqual(ask(server, cookieQuery(good)), { rcode: NOERROR, answers: 1, cookie: good });
  }
});

test('§5.2: only the first of several cookies counts', () => {
  assert.equal(ask(strict, cookieQuery(good, wrong, 'ab')).rcode, NOERROR);
  assert.equal(ask(strict, cookieQuery(wrong, good)).rcode, BADCOOKIE);
});

test('§5.4: a query without a question gets a cookie, and BADCOOKIE if its server cookie is wrong', () => {
  for (const server of [lax, strict]) {
    assert.deepEqual(ask(server, questionless(ednsOption(10, own))), { rcode: NOERROR, answers: 0, cookie: good });
    assert.deepEqual(ask(server, questionless(ednsOption(10, good))), { rcode: NOERROR, answers: 0, cookie: good });
    assert.deepEqual(ask(server, questionless(ednsOption(10, wrong))), { rcode: BADCOOKIE, answers: 0, cookie: good });
  }
  assert.equal(
    ask(lax, questionless()).rcode,
    FORMERR,
    'a query without a question and without a cookie does not get FORMERR',
  );
  assert.equal(
    ask(off, questionless(ednsOption(10, own))).rcode,
    FORMERR,
    'a query without a question is not refused while cookies are off',
  );
  assert.equal(
    ask(lax, questionless(ednsOption(10, own)).subarray(0, 12)).rcode,
    FORMERR,
    'a header alone is not refused',
  );
});

test('refusals for other reasons have a cookie, and a wrong EDNS version gets BADVERS', () => {
  const changed = (at: number, octet: number) => {
    const query = cookieQuery(own);
    query[at] = octet;
    return query;
  };
  const optAt = asked.length - 11;
  assert.deepEqual(ask(lax, changed(optAt - 1, 4)), { rcode: REFUSED, answers: 0, cookie: good });
  assert.deepEqual(ask(lax, changed(2, 4 << 3)), { rcode: NOTIMP, answers: 0, cookie: good });
  assert.equal(ask(lax, changed(optAt + 6, 1)).rcode, BADVERS);
});

test('answers of every size leave room for the cookie and NSID', () => {
  const texts = Array.from({ length: 30 }, (_, i) => `big${i}.example. 60 TXT "${'x'.repeat(150 + i)}"`).join('\n');
  const twice = texts.split('\n').map((line) => `${line}\n${line.replace('"', '"y')}`);
  const server = serve(twice.join('\n'), {
    settings: { cookies: { strict: false, secrets }, nsid: 'n'.repeat(63) },
    clock,
  });
  for (let i = 0; i < 30; i += 1) {
    for (const size of [512, 520, 540]) {
      const query = withOptions(
        encodeQuestion(`big${i}.example. TXT size=${size}`),
        ednsOption(3),
        ednsOption(10, own),
      );
      const response = server.exchange(query, client);
      assert.ok(response !== undefined && response.length <= size);
      assert.equal(optionsOf(response).get(10), good);
      assert.equal(optionsOf(response).get(3), Buffer.from('n'.repeat(63)).toString('hex'));
    }
  }
});

test('cookies are counted by their state', () => {
  const cells = counterFamilies.find(({ name }) => name === 'dns_cookies_total')?.cells ?? {};
  const read = () => ['half', 'wrong', 'good'].map((state) => new Float64Array(counters)[cells[state] as number] ?? 0);
  const before = read();
  for (const sent of [own, own, own, wrong, wrong, good]) ask(lax, cookieQuery(sent));
  assert.deepEqual(
    read().map((count, i) => count - (before[i] as number)),
    [3, 2, 1],
  );
});
