// Forwarders, as the API takes and shows them.

import type { CachedAnswer } from '../../forwarding/forwarders/cached-answer.ts';
import type { ForwarderState } from '../../forwarding/forwarders/forward-request.ts';
import {
  type Forwarder,
  formatForwarderTarget,
  forwarderDefaults,
  forwarderLimits,
  forwarderStrategies,
} from '../../model/forwarder.ts';
import { Type } from '../../model/json-schema.ts';
import { AllowFrom, NameText, nullable, oneOf, readOnly, strict } from './common.ts';
import { showUnicodeName, UnicodeName } from './unicode-name.ts';

const { targets, minTimeout, maxTimeout, staleSeconds, tlsAuthorities } = forwarderLimits;

const Target = Type.String({
  minLength: 1,
  maxLength: 300,
  format: 'forwarder-target',
  examples: ['10.240.0.10:53'],
  description: 'Address and port; `#` and a name: over TLS, with a certificate for that name',
});

const settings = {
  strategy: oneOf(forwarderStrategies, {
    default: forwarderDefaults.strategy,
    description: 'Which target is asked first. The others follow if it does not answer',
  }),
  timeoutMilliseconds: Type.Integer({
    minimum: minTimeout,
    maximum: maxTimeout,
    default: forwarderDefaults.timeoutMilliseconds,
    description:
      'The time for one question, with all targets, and with other forwarded zones to which its aliases lead',
  }),
  allowFrom: { ...AllowFrom, description: 'The clients that may ask. Default: this machine' },
  staleSeconds: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: staleSeconds,
      description:
        'If no target answers, clients get expired answers, up to this many seconds after they expired (RFC 8767). Absent: they get none',
    }),
  ),
  tlsAuthorities: Type.Optional(
    Type.String({
      maxLength: tlsAuthorities,
      format: 'certificates',
      description:
        'The certificates (PEM) of the authorities that targets over TLS may have. Absent: the authorities of the system',
    }),
  ),
};

const Targets = Type.Array(Target, {
  format: 'distinct',
  minItems: 1,
  maxItems: targets,
  description: 'In the order of preference',
});

const Upstreams = Type.Array(
  Type.Object(
    {
      target: Target,
      healthy: nullable(Type.Boolean(), { description: 'Null: the target was not asked yet' }),
      failure: nullable(Type.String(), {
        description:
          'Why the last query had no answer, or none that can be used; null: it had one, or there was no query yet',
      }),
      latencyMilliseconds: nullable(Type.Number(), {
        description: 'How long the target takes to answer; null: it has not answered yet',
      }),
      asked: Type.Integer({ minimum: 0, description: 'Queries that were sent to the target' }),
      answered: Type.Integer({ minimum: 0 }),
      failed: Type.Integer({
        minimum: 0,
        description: 'Queries that had no answer in time, an answer with an error, or an unusable one',
      }),
      loops: Type.Boolean({ description: 'The target forwards the zone to this service, so it is not asked' }),
    },
    { title: 'ForwarderUpstream' },
  ),
  { description: 'As the replica that you ask sees them' },
);

const Cache = Type.Object(
  { entries: Type.Integer({ minimum: 0 }), octets: Type.Integer({ minimum: 0 }) },
  { description: 'The answers of this zone that the replica keeps' },
);

const ManagedBy = Type.Enum(['skydns'] as const, {
  description: 'Present if the forwarder follows a stub zone that others have in the SkyDNS layout',
});

export const PutForwarder = strict(
  {
    zone: readOnly(NameText),
    unicodeName: readOnly(UnicodeName),
    targets: Targets,
    strategy: Type.Optional(settings.strategy),
    timeoutMilliseconds: Type.Optional(settings.timeoutMilliseconds),
    allowFrom: Type.Optional(settings.allowFrom),
    staleSeconds: settings.staleSeconds,
    tlsAuthorities: settings.tlsAuthorities,
    managedBy: readOnly(ManagedBy),
    stubZoneOf: readOnly(NameText),
    upstreams: readOnly(Upstreams),
    cache: readOnly(Cache),
  },
  'PutForwarder',
);

export const ForwarderBody = Type.Object(
  {
    zone: NameText,
    unicodeName: UnicodeName,
    targets: Targets,
    ...settings,
    managedBy: Type.Optional(ManagedBy),
    stubZoneOf: Type.Optional({
      ...NameText,
      description: 'The zone here whose SkyDNS layout has this forwarder as a stub zone',
    }),
    upstreams: Type.Optional(Upstreams),
    cache: Type.Optional(Cache),
  },
  { title: 'Forwarder' },
);

const CachedAnswerBody = Type.Object(
  {
    name: NameText,
    type: Type.String(),
    dnssecOk: Type.Boolean({ description: 'The bit DO of the question' }),
    checkingDisabled: Type.Boolean({ description: 'The bit CD of the question' }),
    rcode: Type.Integer({ minimum: 0, description: 'For example 0 (NOERROR), 2 (SERVFAIL), 3 (NXDOMAIN)' }),
    extendedError: nullable(Type.Integer({ minimum: 0 }), { description: 'RFC 8914; null: there is none' }),
    stale: Type.Boolean({ description: 'The answer has expired, and no server answers' }),
    expiresInSeconds: Type.Integer({ minimum: 0 }),
    records: Type.Array(
      Type.Object(
        { name: NameText, type: Type.String(), ttl: Type.Integer({ minimum: 0 }), rdata: Type.String() },
        { title: 'CachedRecord' },
      ),
      { description: 'The answer section; of a negative answer, the authority section' },
    ),
  },
  { title: 'CachedAnswer' },
);

export const CachedAnswers = Type.Object({ items: Type.Array(CachedAnswerBody) }, { title: 'CachedAnswers' });

export function showCachedAnswer({ isStale, expiresIn, extendedError, records, ...rest }: CachedAnswer) {
  const why = extendedError ?? null;
  return { ...rest, extendedError: why, stale: isStale, expiresInSeconds: expiresIn, records: [...records] };
}

/** Returns the stored settings of a forwarder as answers show them. */
export function showForwarder({ zone, targets: all, stubZoneOf, ...rest }: Forwarder) {
  return {
    zone,
    ...showUnicodeName(zone),
    targets: all.map(formatForwarderTarget),
    ...rest,
    ...(stubZoneOf !== undefined && { managedBy: 'skydns' as const, stubZoneOf }),
  };
}

/** Returns the state of a forwarder at this replica. `state`: undefined before the replica has asked a target. */
export function showState({ targets: all }: Forwarder, state: ForwarderState | undefined) {
  const upstreams = all.map((target, index) => {
    const upstream = state?.upstreams.find((one) => one.target === index);
    const { healthy = null, failure = null, latency = null, loops = false } = upstream ?? {};
    const { asked = 0, answered = 0, failed = 0 } = upstream ?? {};
    const latencyMilliseconds = latency === null ? null : Math.round(latency * 100) / 100;
    const counts = { asked, answered, failed };
    return { target: formatForwarderTarget(target), healthy, failure, latencyMilliseconds, ...counts, loops };
  });
  return { upstreams, cache: state?.cache ?? { entries: 0, octets: 0 } };
}
