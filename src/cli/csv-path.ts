// The path of the API for the hosts, or for the allocations of a pool.

/** `pool`: undefined for hosts. */
export function csvPath(pool: string | undefined): string {
  return pool === undefined ? '/v1/hosts' : `/v1/pools/${encodeURIComponent(pool)}/allocations`;
}
