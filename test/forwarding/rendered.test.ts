// The configuration of every resolver, compared with the texts in rendered/. Also tests the limits of each resolver,
// and the refusals. `UPDATE_RENDERED=1` writes the texts anew. test/neighbours gives them to real resolvers.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { joinParts, renderForwarding, UnfitForResolver } from '../../src/forwarding/render/render-forwarding.ts';
import type { Part } from '../../src/forwarding/render/renderer.ts';
import { type RendererName, rendererNames, renderers } from '../../src/forwarding/render/renderers.ts';
import { parseEndpoint } from '../../src/model/endpoint.ts';
import { type Fqdn, parseName } from '../../src/model/name.ts';
import { readPowerShell } from './read-powershell.ts';

const folder = new URL('./rendered/', import.meta.url);
const forward = 'foowidgets.k8s';
const reverse = '200.17.172.in-addr.arpa';
const reverseIpv6 = '0.0.0.0.0.0.0.0.2.0.0.0.0.0.d.f.ip6.arpa';
const zones = [reverse, forward, 'lab.home.arpa', reverseIpv6];
const onPort53 = ['10.240.0.10:53', '10.240.0.11:53'];

function render(resolver: RendererName, names: string[], endpoints: string[]): Part[] {
  return renderForwarding({
    renderer: renderers[resolver],
    zones: names.map(parseName),
    targets: endpoints.map(parseEndpoint),
  });
}
const textOf = (...args: Parameters<typeof render>) => joinParts(render(...args));

/** Returns the lines that are not comments. */
function withoutComments(resolver: RendererName, parts: Part[]): string {
  return parts
    .flatMap(({ text, comment = renderers[resolver].comment }) =>
      text.split('\n').filter((line) => !line.trim().startsWith(comment)),
    )
    .join('\n');
}

for (const resolver of rendererNames) {
  const { takesPorts, takesIpv6, maxTargets = 99, takesSlashes = false } = renderers[resolver];

  test(`${resolver}: the text is as in rendered/`, () => {
    const text = textOf(resolver, zones, onPort53);
    const file = new URL(`${resolver}.txt`, folder);
    if (process.env.UPDATE_RENDERED) writeFileSync(file, text);
    assert.equal(text, readFileSync(file, 'utf8'));
  });

  test(`${resolver}: the text has every zone and every target once, in an order that does not depend on that of the input`, () => {
    const parts = render(resolver, zones, onPort53);
    const code = withoutComments(resolver, parts);
    const mentions = resolver === 'docker-compose' ? [] : zones;
    for (const name of mentions) assert.ok(code.includes(name), name);
    for (const address of ['10.240.0.10', '10.240.0.11']) assert.ok(code.includes(address), address);
    assert.equal(
      textOf(resolver, zones.toReversed(), [...onPort53.toReversed(), ...onPort53]),
      textOf(resolver, [...zones, ...zones], onPort53),
    );
    for (const { text } of parts) assert.match(text, /\n$/);
  });

  test(`${resolver}: the text has a target on another port with this port, or leaves it out with a comment`, () => {
    const text = textOf(resolver, zones, ['10.240.0.10:53', '10.240.0.11:1053']);
    const code = withoutComments(resolver, render(resolver, zones, ['10.240.0.10:53', '10.240.0.11:1053']));
    assert.equal(code.includes('10.240.0.11'), takesPorts === true);
    if (takesPorts === true) assert.match(code, /1053/);
    else assert.match(text, /Left out: 10\.240\.0\.11:1053\. .+ asks (port 53 only|all targets at one port)\./);
    if (takesPorts === false)
      assert.throws(() => render(resolver, zones, ['10.240.0.11:1053']), wayOut(/asks port 53 only.*--advertise/));
    else assert.match(textOf(resolver, zones, ['10.240.0.11:1053']), /1053/);
  });

  test(`${resolver}: the text has an IPv6 target, or leaves it out with a comment`, () => {
    const endpoints = ['10.240.0.10:53', '[2001:db8::1]:53'];
    assert.equal(withoutComments(resolver, render(resolver, zones, endpoints)).includes('2001:db8::1'), takesIpv6);
    if (takesIpv6) return;
    assert.match(textOf(resolver, zones, endpoints), /Left out: \[2001:db8::1\]:53\. .+ takes IPv4 targets only\./);
    assert.throws(() => render(resolver, zones, ['[2001:db8::1]:53']), wayOut(/takes IPv4 targets only/));
  });

  test(`${resolver}: the text has no more targets than the resolver takes`, () => {
    const endpoints = Array.from({ length: 20 }, (_, index) => `10.240.0.${index + 100}:53`);
    const parts = render(resolver, [forward], endpoints);
    const code = withoutComments(resolver, parts);
    const named = endpoints.filter((endpoint) => code.includes(endpoint.replace(':53', '')));
    assert.deepEqual(named, endpoints.slice(0, maxTargets));
    const leftOut = joinParts(parts).match(/Left out: /g)?.length ?? 0;
    assert.equal(leftOut, (20 - named.length) * parts.length);
  });

  test(`${resolver}: the text has a warning about a loopback target`, () => {
    assert.match(textOf(resolver, zones, ['127.0.0.1:53']), /loopback address/);
    assert.doesNotMatch(textOf(resolver, zones, onPort53), /loopback address: /);
  });

  test(`${resolver}: a name that the format cannot have is refused, with the way out`, () => {
    const odd = [
      'a\\"b.example',
      'a\\.b.example',
      'a\\032b.example',
      "o'brien.example",
      'a\\$b.example',
      'a\\;b.example',
    ];
    odd.push(
      '*.example',
      '-a.example',
      'a`b.example',
      'a#b.example',
      'a{b.example',
      '\\196\\133.example',
      'a=b.example',
    );
    for (const name of odd) assert.throws(() => render(resolver, [name], onPort53), wayOut(/\?zones=/), name);
    assert.throws(() => render(resolver, ['.'], onPort53), wayOut(/root zone/));
    const classless = '0/25.2.1.10.in-addr.arpa';
    if (takesSlashes) assert.ok(textOf(resolver, [classless], onPort53).includes(classless));
    else assert.throws(() => render(resolver, [classless], onPort53), wayOut(/\?zones=/));
  });
}

function wayOut(message: RegExp) {
  return (error: unknown) => error instanceof UnfitForResolver && message.test(error.message);
}

test('rendered/ has no text of a resolver that is no longer rendered', () => {
  assert.deepEqual(readdirSync(folder).sort(), rendererNames.map((name) => `${name}.txt`).sort());
});

test('docs/forwarding.md has a row for every resolver, with its parts and limits', () => {
  const page = readFileSync(new URL('../../docs/forwarding.md', import.meta.url), 'utf8');
  for (const name of rendererNames) {
    const [, parts = '', limits = ''] =
      new RegExp(`^\\| \`${name}\` \\|(.*?)\\|(.*?)\\|`, 'm').exec(page) ?? assert.fail(name);
    const { takesPorts, takesIpv6, maxTargets } = renderers[name];
    const named = render(name, zones, onPort53).map((part) => `\`${part.name}\``);
    assert.equal(parts.trim(), named.length > 1 ? named.join(', ') : '', name);
    const told = [
      takesPorts === false ? 'port 53' : takesPorts === 'one' ? 'one port' : '',
      takesIpv6 ? '' : 'IPv4',
      maxTargets === undefined ? '' : `${maxTargets} targets`,
    ];
    assert.equal(limits.trim(), told.filter((one) => one !== '').join(', '), name);
  }
});

for (const resolver of ['azure', 'google-cloud', 'macos', 'route53', 'technitium'] as const) {
  test(`${resolver}: a POSIX shell can read it`, () => {
    execFileSync('sh', ['-n'], { input: textOf(resolver, zones, ['10.240.0.10:53', '10.240.0.12:53']) });
  });
}

test('windows: PowerShell can read it, as far as our own reader of its grammar tells', () => {
  const { commands } = readPowerShell(textOf('windows', zones, ['10.240.0.10:53', '[2001:db8::1]:53']));
  assert.deepEqual(
    commands.filter((name) => /^(Add|Set)-/.test(name)),
    zones.flatMap(() => ['Add-DnsServerConditionalForwarderZone', 'Set-DnsServerConditionalForwarderZone']),
  );
});

test('windows: the reader of the grammar finds what is wrong', () => {
  const text = textOf('windows', zones, onPort53);
  for (const [right, wrong] of [
    ['@(', '@(('],
    ["'10.240.0.10'", "'10.240.0.10"],
    ['} elseif', ') elseif'],
    ['-ForwarderTimeout 3', '-ForwarderTimeout'],
    ['@scope', '@'],
  ] as const) {
    assert.ok(text.includes(right));
    assert.throws(() => readPowerShell(text.replace(right, wrong)), Error, wrong);
  }
});

test('the YAML of Knot Resolver 6, PowerDNS Recursor 5, Kubernetes and Docker Compose has the right contents', () => {
  const inOrder = ['lab.home.arpa', 'foowidgets.k8s', reverse, reverseIpv6];
  const names = (parse(textOf('knot-resolver-6', zones, onPort53)) as { forward: unknown[] }).forward;
  assert.deepEqual(names, [
    {
      subtree: inOrder.map((zone) => `${zone}.`),
      servers: ['10.240.0.10', '10.240.0.11'],
      options: { authoritative: true, dnssec: false },
    },
  ]);
  assert.deepEqual(parse(textOf('pdns-recursor-5', [forward], ['10.240.0.10:1053', '[2001:db8::1]:53'])), {
    recursor: {
      forward_zones: [{ zone: forward, recurse: false, forwarders: ['10.240.0.10:1053', '[2001:db8::1]:53'] }],
    },
    dnssec: { negative_trustanchors: [{ name: forward, reason: 'forwarded to Zonewright' }] },
  });
  const { data, kind } = parse(textOf('kubernetes-coredns', zones, onPort53)) as { data: object; kind: string };
  assert.equal(kind, 'ConfigMap');
  assert.match(String(Object.values(data)[0]), /^lab\.home\.arpa:53 .* \{\n {4}errors\n/);
  assert.deepEqual(parse(textOf('docker-compose', zones, onPort53)), {
    services: { app: { dns: ['10.240.0.10', '10.240.0.11'] } },
  });
});

test('two zones never get the same name of a cloud resource', () => {
  const similar = ['a-b.c', 'a.b-c', 'a.b.c', 'a_b.c', `${'x'.repeat(60)}.c`, `${'x'.repeat(60)}.d`];
  const text = textOf('google-cloud', similar, onPort53);
  const names = [...text.matchAll(/^forward (\S+) (\S+)$/gm)].map(([, zone, name]) => [zone, name] as const);
  assert.equal(new Set(names.map(([, name]) => name)).size, similar.length);
  for (const [, name = ''] of names) assert.match(name, /^zonewright-[a-z0-9-]{0,51}[a-z0-9]$/);
  assert.equal(names.find(([zone]) => zone === ('a.b.c' as Fqdn))?.[1], 'zonewright-a-b-c');
});
