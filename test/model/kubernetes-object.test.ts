// The text that names an object of a cluster.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidValue } from '../../src/model/invalid-value.ts';
import { formatObject, parseObject } from '../../src/model/kubernetes-object.ts';

test('an object is read from its text', () => {
  const object = { cluster: 'lab', namespace: 'default', kind: 'Service', name: 'nginx' } as const;
  assert.equal(formatObject(object), 'lab/default/Service/nginx');
  assert.deepEqual(parseObject('lab/default/Service/nginx'), object);
});

for (const text of [
  '',
  'lab',
  'lab/default/Pod/nginx',
  'lab/default/Service/',
  '/default/Service/x',
  'a/b/Service/c/d',
])
  test(`'${text}' names no object`, () => {
    assert.throws(() => parseObject(text), InvalidValue);
  });
