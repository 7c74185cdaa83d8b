// Makes the settings of DNS responses from the settings of the process.

import { randomBytes } from 'node:crypto';
import type { Config } from './config.ts';
import type { ResponseSettings } from './dns/respond/settings.ts';

/** Returns one object for all threads: each thread must accept the cookies of the others. */
export function responseSettings(config: Config, version: string): ResponseSettings {
  const { replica, dnsCookies, dnsRateLimit } = config;
  const secrets = config.dnsCookieSecret ?? [new Uint8Array(randomBytes(16))];
  const rateLimit = { perSecond: dnsRateLimit, slip: config.dnsRateLimitSlip, allow: config.dnsRateLimitAllow };
  // If a response setting is missing here, `satisfies` makes tsc fail.
  return {
    nsid: config.dnsNsid ? replica : undefined,
    cookies: dnsCookies === 'off' ? undefined : { strict: dnsCookies === 'strict', secrets },
    chaos: config.dnsChaos ? { server: replica, version: `Zonewright ${version}` } : undefined,
    rateLimit: dnsRateLimit > 0 ? rateLimit : undefined,
  } satisfies Record<keyof ResponseSettings, unknown>;
}
