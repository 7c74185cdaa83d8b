// What DNS answers are to be like, from the settings of the process.

import { randomBytes } from 'node:crypto';
import type { Config } from './config.ts';
import type { ResponseSettings } from './dns/respond/settings.ts';

/** The same for all threads: a cookie that one gives, another takes. */
export function responseSettings(config: Config, version: string): ResponseSettings {
  const { replica, dnsCookies, dnsRateLimit } = config;
  const secrets = config.dnsCookieSecret ?? [new Uint8Array(randomBytes(16))];
  const rateLimit = { perSecond: dnsRateLimit, slip: config.dnsRateLimitSlip, allow: config.dnsRateLimitAllow };
  return {
    ...(config.dnsNsid && { nsid: replica }),
    ...(dnsCookies !== 'off' && { cookies: { strict: dnsCookies === 'strict', secrets } }),
    ...(config.dnsChaos && { chaos: { server: replica, version: `Zonewright ${version}` } }),
    ...(dnsRateLimit > 0 && { rateLimit }),
  };
}
