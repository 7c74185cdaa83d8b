// Requests about forwarders of other zones, and the audit events that each makes.

import type { AuditedRequest, Request } from './forms.ts';

const corp: Request = ['PUT', '/v1/forwarders/corp.test', { targets: ['192.0.2.53'] }];
const fields = {
  targets: [{ address: '192.0.2.53', port: 53 }],
  strategy: 'first-healthy',
  timeoutMilliseconds: 2000,
  allowFrom: ['127.0.0.0/8', '::1/128'],
};

export const forwarders: AuditedRequest[] = [
  {
    operation: 'putForwarder',
    what: 'a forwarder is added',
    given: [],
    request: corp,
    status: 201,
    events: [['forwarder', 'created', 'corp.test', null, fields]],
  },
  {
    operation: 'putForwarder',
    what: 'a forwarder gets another strategy',
    given: [corp],
    request: ['PUT', '/v1/forwarders/corp.test', { targets: ['192.0.2.53'], strategy: 'fastest' }],
    status: 200,
    events: [['forwarder', 'changed', 'corp.test', { strategy: 'first-healthy' }, { strategy: 'fastest' }]],
  },
  {
    operation: 'putForwarder',
    what: 'a forwarder stays as it is',
    given: [corp],
    request: corp,
    status: 200,
    events: [],
  },
  {
    operation: 'emptyForwarderCache',
    what: 'the cache of a forwarder is emptied: only the replicas are told',
    given: [corp],
    request: ['DELETE', '/v1/forwarders/corp.test/cache'],
    status: 204,
    events: [],
  },
  {
    operation: 'deleteForwarder',
    what: 'a forwarder is deleted',
    given: [corp],
    request: ['DELETE', '/v1/forwarders/corp.test'],
    status: 204,
    events: [['forwarder', 'deleted', 'corp.test', fields, null]],
  },
];
