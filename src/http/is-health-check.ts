// The routes for health checks. They need no client certificate, and may use the connections that are reserved for
// them.

const healthChecks: ReadonlySet<string | undefined> = new Set(['/healthz', '/readyz']);

/** Returns whether this is the route of a health check. */
export function isHealthCheck(route: string | undefined): boolean {
  return healthChecks.has(route);
}
