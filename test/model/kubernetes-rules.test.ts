// Which objects of Kubernetes clusters may have addresses of a pool, and names of a zone.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InvalidValue } from '../../src/model/invalid-value.ts';
import { parseObject } from '../../src/model/kubernetes-object.ts';
import {
  allowsObject,
  missingGrant,
  type PoolSelector,
  parseNamePattern,
  poolSelectorDefaults,
  type ZoneGrant,
  zoneGrantDefaults,
} from '../../src/model/kubernetes-rules.ts';
import { parseName } from '../../src/model/name.ts';

const web = parseObject('lab/default/Service/web');

const selectors: [what: string, selector: Partial<PoolSelector> | undefined, allows: boolean][] = [
  ['no selector', undefined, true],
  ['empty', {}, true],
  ['its cluster', { clusters: ['prod', 'lab'] }, true],
  ['another cluster', { clusters: ['prod'] }, false],
  ['its namespace', { namespaces: ['default'] }, true],
  ['another namespace', { namespaces: ['kube-system'] }, false],
  ['its labels', { labels: { app: 'web', 'example.com/tier': '' } }, true],
  ['another value of a label', { labels: { app: 'db' } }, false],
  ['a label that it lacks', { labels: { app: 'web', team: 'a' } }, false],
  ['a label with the name of a method', { labels: { toString: '' } }, false],
  ['its cluster, and another namespace', { clusters: ['lab'], namespaces: ['x'] }, false],
];

for (const [what, selector, allows] of selectors) {
  test(`a pool ${allows ? 'allows' : 'does not allow'} an object: ${what}`, () => {
    const labels = { app: 'web', 'example.com/tier': '' };
    assert.equal(allowsObject(selector && { ...poolSelectorDefaults, ...selector }, web, labels), allows);
  });
}

const all = { cluster: 'lab', namespaces: ['*'], ...zoneGrantDefaults };
const grants: [name: string, grant: Partial<ZoneGrant>, isGranted: boolean, isTarget?: true][] = [
  ['www.z', {}, true],
  ['a.b.z', {}, true],
  ['www.z', { cluster: 'prod' }, false],
  ['www.z', { namespaces: ['a', 'default'] }, true],
  ['www.z', { namespaces: ['a'] }, false],
  ['www.z', { names: ['www'] }, true],
  ['a.www.z', { names: ['www'] }, false],
  ['ww.z', { names: ['www'] }, false],
  ['a.apps.z', { names: ['*.apps'] }, true],
  ['a.b.apps.z', { names: ['*.apps'] }, true],
  ['apps.z', { names: ['*.apps'] }, false],
  ['xapps.z', { names: ['*.apps'] }, false],
  ['z', {}, false],
  ['z', { names: [], apex: true }, true],
  ['www.z', { names: [], apex: true }, false],
  ['*.z', {}, false],
  ['*.z', { wildcards: true }, true],
  ['*.apps.z', { names: ['*.apps'] }, false],
  ['*.apps.z', { names: ['*.apps'], wildcards: true }, true],
  ['*.z', { names: ['*.apps'], wildcards: true }, false],
  ['www.z', {}, false, true],
  ['www.z', { targets: true }, true, true],
];

for (const [name, grant, isGranted, isTarget = false] of grants) {
  test(`${JSON.stringify(grant)} ${isGranted ? 'grants' : 'does not grant'} ${name}${isTarget ? ' for a target' : ''}`, () => {
    const asked = { zone: parseName('z'), name: parseName(name), isTarget };
    const missing = missingGrant(
      [
        { ...all, cluster: 'other' },
        { ...all, ...grant },
      ],
      web,
      asked,
    );
    assert.equal(missing === undefined, isGranted);
    // The grant that a message proposes is enough.
    if (missing !== undefined) assert.equal(missingGrant([{ ...all, ...missing }], web, asked), undefined);
  });
}

test('the pattern of a granted name is relative, and canonical', () => {
  assert.deepEqual(['*', '*.Apps', 'WWW', 'bücher'].map(parseNamePattern), ['*', '*.apps', 'www', 'xn--bcher-kva']);
  for (const text of ['@', 'www.z.', 'a..b', '']) assert.throws(() => parseNamePattern(text), InvalidValue, text);
});
