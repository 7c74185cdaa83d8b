// The headers of every answer, also of those that connections.ts sends itself: nobody but the client may keep or guess
// what it has. Only files of /docs may be kept.

export const cautiousHeaders = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};
