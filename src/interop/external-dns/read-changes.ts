// Reads the changes that external-dns sends in one request into groups. The changes of a name, and of the TXT records
// that say who owns it, belong together: a record without its owner would never be changed or deleted again.

import { InvalidValue } from '../../model/invalid-value.ts';
import type { Fqdn } from '../../model/name.ts';
import type { RecordType } from '../../model/rdata/record-types.ts';
import { listOf, textFieldsOf } from '../kubernetes/read-fields.ts';
import { type EndpointRrset, type ExternalDnsEndpoint, readEndpoint } from './endpoint.ts';

/** The changes of one request. Old and new endpoints of an update have the same index. */
export interface ExternalDnsChanges {
  create?: readonly ExternalDnsEndpoint[] | null;
  updateOld?: readonly ExternalDnsEndpoint[] | null;
  updateNew?: readonly ExternalDnsEndpoint[] | null;
  delete?: readonly ExternalDnsEndpoint[] | null;
}

/** What shall change at one name. A type that is put is not deleted. */
export interface NameChanges {
  name: string;
  put: EndpointRrset[];
  delete: { owner: Fqdn; type: RecordType }[];
}

/** An endpoint that no zone could have, with the reason. */
export interface UnfitEndpoint {
  endpoint: ExternalDnsEndpoint;
  reason: string;
}

/** The label with which external-dns says which name a TXT record is about. */
const ownedRecordLabel = 'ownedRecord';

/** Returns the changes by name, in the order in which the names come, and the endpoints that cannot be read. */
export function readChanges(changes: ExternalDnsChanges): { names: NameChanges[]; unfit: UnfitEndpoint[] } {
  const names = new Map<string, NameChanges>();
  const unfit: UnfitEndpoint[] = [];
  const note = (endpoint: ExternalDnsEndpoint, add: (group: NameChanges, rrset: EndpointRrset) => void) => {
    try {
      const rrset = readEndpoint(endpoint);
      const name = textFieldsOf(endpoint.labels)[ownedRecordLabel]?.toLowerCase() ?? rrset.owner;
      const group = names.get(name) ?? { name, put: [], delete: [] };
      add(group, rrset);
      names.set(name, group);
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error;
      unfit.push({ endpoint, reason: error.message });
    }
  };
  const put = (group: NameChanges, rrset: EndpointRrset) => {
    group.put = [...group.put.filter((other) => !isSamePlace(other, rrset)), rrset];
    group.delete = group.delete.filter((other) => !isSamePlace(other, rrset));
  };
  const remove = (group: NameChanges, { owner, type }: EndpointRrset) => {
    if (![...group.put, ...group.delete].some((other) => isSamePlace(other, { owner, type })))
      group.delete.push({ owner, type });
  };
  const endpointsOf = (list: unknown) => listOf(list) as readonly ExternalDnsEndpoint[];
  const updateNew = endpointsOf(changes.updateNew);
  for (const endpoint of [...endpointsOf(changes.create), ...updateNew]) note(endpoint, put);
  for (const endpoint of endpointsOf(changes.delete)) note(endpoint, remove);
  // An old endpoint without a new one says nothing about what shall be.
  for (const [index, endpoint] of endpointsOf(changes.updateOld).entries())
    if (updateNew[index] !== undefined) note(endpoint, remove);
  return { names: [...names.values()], unfit };
}

function isSamePlace(a: { owner: Fqdn; type: RecordType }, b: { owner: Fqdn; type: RecordType }): boolean {
  return a.owner === b.owner && a.type === b.type;
}
