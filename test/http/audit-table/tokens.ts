// Requests about tokens, and the audit events that each makes.

import type { AuditedRequest, Request } from './forms.ts';

const token: Request = ['POST', '/v1/tokens', { name: 'CI', role: 'operator', zones: ['z'], expiresInSeconds: 60 }];
const tokenFields = { name: 'CI', role: 'operator', zones: ['z'], createdAt: '<time>', expiresAt: '<time>' };

export const tokens: AuditedRequest[] = [
  {
    operation: 'createToken',
    what: 'a token is created',
    given: [],
    request: token,
    status: 201,
    events: [['token', 'created', 'ci', null, tokenFields]],
  },
  {
    operation: 'createToken',
    what: 'a token is refused: there is one of its name',
    given: [token],
    request: token,
    status: 409,
    events: [],
  },
  {
    operation: 'rotateToken',
    what: 'a token gets a new secret',
    given: [['POST', '/v1/tokens', { name: 'CI', role: 'operator' }]],
    request: ['POST', '/v1/tokens/ci/rotate'],
    status: 200,
    events: [['token', 'changed', 'ci', {}, { rotatedAt: '<time>' }]],
  },
  {
    operation: 'deleteToken',
    what: 'a token is revoked',
    given: [token],
    request: ['DELETE', '/v1/tokens/ci'],
    status: 204,
    events: [['token', 'deleted', 'ci', tokenFields, null]],
  },
];
