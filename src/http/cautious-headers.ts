// The security headers of every answer, also of those that connections.ts sends. No cache may keep an answer, except
// a file of /docs.

export const cautiousHeaders = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};
