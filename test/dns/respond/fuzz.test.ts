// A short fuzz run: no query causes an exception, and each response can be read, is not too large and repeats the
// question. The zones change during the run. The long run: `npm run fuzz`.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { runFuzz } from '../../fuzz/fuzz.ts';

const seed = Number(process.env.FUZZ_SEED ?? randomInt(2 ** 31));
const queries = 200_000;

test(`random queries get valid responses or none (FUZZ_SEED=${seed})`, () => {
  const { answered, rcodes, truncated } = runFuzz({ seed, queries });
  assert.ok(answered > queries / 2);
  // NOERROR, FORMERR, NXDOMAIN, NOTIMP, REFUSED, YXDOMAIN, BADCOOKIE, NOTAUTH.
  for (const rcode of [0, 1, 3, 4, 5, 6, 7, 9]) assert.ok((rcodes[rcode] ?? 0) > 0, `no response had rcode ${rcode}`);
  assert.ok(truncated > 0);
});
