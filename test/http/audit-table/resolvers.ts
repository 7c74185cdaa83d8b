// Requests about resolvers of the company, and the audit events that each makes.

import type { AuditedRequest, Request } from './forms.ts';

const office: Request = ['PUT', '/v1/resolvers/office', { address: '192.0.2.53', kind: 'bind' }];
const fields = { address: '192.0.2.53', port: 53, kind: 'bind' };

export const resolvers: AuditedRequest[] = [
  {
    operation: 'putResolver',
    what: 'a resolver is added',
    given: [],
    request: office,
    status: 201,
    events: [['resolver', 'created', 'office', null, fields]],
  },
  {
    operation: 'putResolver',
    what: 'a resolver gets another port',
    given: [office],
    request: ['PUT', '/v1/resolvers/office', { address: '192.0.2.53', port: 5353, kind: 'bind' }],
    status: 200,
    events: [['resolver', 'changed', 'office', { port: 53 }, { port: 5353 }]],
  },
  {
    operation: 'putResolver',
    what: 'a resolver stays as it is',
    given: [office],
    request: office,
    status: 200,
    events: [],
  },
  {
    operation: 'deleteResolver',
    what: 'a resolver is deleted',
    given: [office],
    request: ['DELETE', '/v1/resolvers/office'],
    status: 204,
    events: [['resolver', 'deleted', 'office', fields, null]],
  },
];
