// The health checks: they are answered without a certificate of the client, and over connections that nobody else gets.

const healthChecks: ReadonlySet<string | undefined> = new Set(['/healthz', '/readyz']);

/** Returns whether this is the route of a health check. */
export function isHealthCheck(route: string | undefined): boolean {
  return healthChecks.has(route);
}
