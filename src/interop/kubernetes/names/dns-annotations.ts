// The annotations of external-dns, under its two prefixes: the newer one wins. They mean here what they mean there, so
// that manifests need no change. What is wrong in one of them is a fault with a text. The others still hold.

import type { ObjectFault, WantedRecords } from '../../../control/kubernetes/wanted-object.ts';
import { familyOf, parseAddress } from '../../../model/address.ts';
import { parseDuration } from '../../../model/duration.ts';
import { unlessInvalid } from '../../../model/invalid-value.ts';
import { type Fqdn, parseName } from '../../../model/name.ts';
import { maxTtl } from '../../../model/rrset.ts';
import { messageOf } from '../../../model/thrown.ts';

/** The prefixes, the strongest first. */
const prefixes = ['external-dns.kubernetes.io/', 'external-dns.alpha.kubernetes.io/'];
/** The value of `controller` with which an object is for us too. */
const dnsController = 'dns-controller';

export interface DnsAnnotations {
  /** True: the object is for another controller. */
  isIgnored: boolean;
  hostnames: Fqdn[];
  /** The names for the cluster IPs of a Service. */
  internalHostnames: Fqdn[];
  /** The records of all hostnames, in place of those that the object has. */
  targets?: WantedRecords[];
  /** Seconds. */
  ttl?: number;
  faults: ObjectFault[];
}

/** Returns an annotation of external-dns with the strongest prefix; undefined if there is none. */
export function dnsAnnotation(
  annotations: Readonly<Record<string, string>>,
  key: string,
): { name: string; value: string } | undefined {
  const name = prefixes.map((prefix) => prefix + key).find((one) => annotations[one] !== undefined);
  return name === undefined ? undefined : { name, value: annotations[name] as string };
}

export function readDnsAnnotations(annotations: Readonly<Record<string, string>>): DnsAnnotations {
  const faults: ObjectFault[] = [];
  const textOf = (key: string) => dnsAnnotation(annotations, key);
  const fault = (name: string, message: string) =>
    faults.push({ what: 'annotation', code: 'invalid_request', message: `${name}: ${message}` });
  /** Parses each part of an annotation. Leaves out those that are wrong. */
  const parseParts = <T>(key: string, parse: (part: string) => T): T[] => {
    const { name, value } = textOf(key) ?? { name: '', value: '' };
    return partsOf(value).flatMap((part) => {
      try {
        return [parse(part)];
      } catch (error) {
        fault(name, messageOf(error));
        return [];
      }
    });
  };

  const controller = textOf('controller')?.value.trim();
  if (controller !== undefined && controller !== dnsController)
    return { isIgnored: true, hostnames: [], internalHostnames: [], faults };
  const setIdentifier = textOf('set-identifier');
  if (setIdentifier !== undefined)
    fault(setIdentifier.name, 'is not supported: a name has one set of records here; leave the annotation out');
  const hostnames = distinct(parseParts('hostname', parseName));
  const internalHostnames = distinct(parseParts('internal-hostname', parseName));
  const targets = recordsOf(parseParts('target', parseTarget));
  const ttl = textOf('ttl');
  const seconds = ttl === undefined ? undefined : unlessInvalid(() => parseDuration(ttl.value.trim()));
  if (ttl !== undefined && (seconds === undefined || seconds > maxTtl))
    fault(ttl.name, `'${ttl.value}' is not a TTL: write seconds, or a duration such as 1m30s`);
  return {
    isIgnored: false,
    hostnames,
    internalHostnames,
    ...(targets.length > 0 && { targets }),
    // 0 means: not set.
    ...(seconds !== undefined && seconds > 0 && seconds <= maxTtl && { ttl: seconds }),
    faults,
  };
}

/** An address or a name that an object is reached at. */
export type Target = { type: 'A' | 'AAAA' | 'CNAME'; value: string };

/** Returns an address as A or AAAA, anything else as CNAME. Throws InvalidValue. */
export function parseTarget(text: string): Target {
  const address = unlessInvalid(() => parseAddress(text));
  if (address !== undefined) return { type: familyOf(address) === 'ipv4' ? 'A' : 'AAAA', value: address };
  return { type: 'CNAME', value: `${parseName(text)}.` };
}

/**
 * Returns the records of a name that is reached at these targets. Beside a CNAME, a name can have nothing else: the
 * addresses win, and of several CNAMEs the first.
 */
export function recordsOf(targets: readonly Target[]): WantedRecords[] {
  const valuesOf = (type: Target['type']) =>
    distinct(targets.filter((target) => target.type === type).map(({ value }) => value));
  const records = (['A', 'AAAA'] as const).flatMap((type) => {
    const values = valuesOf(type);
    return values.length > 0 ? [{ type, values }] : [];
  });
  const [alias] = valuesOf('CNAME');
  return records.length === 0 && alias !== undefined ? [{ type: 'CNAME', values: [alias] }] : records;
}

function partsOf(list: string): string[] {
  return list
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function distinct<T>(items: readonly T[]): T[] {
  return [...new Set(items)];
}
