// The refusal of a request that needs a stored value which this replica cannot read or serve.

import { type ErrorCode, Refusal } from '../../errors.ts';
import type { Fault } from '../../views/stored-faults.ts';

interface FaultyValue {
  key: string;
  fault: Pick<Fault, 'code' | 'message'>;
  /** The code of the refusal. Default: the code of the fault. */
  code?: ErrorCode;
  /** The repair that the operator can make. Default: the usual repair of such a fault. */
  repair?: string;
  /** The field of the request that needs the value. */
  path?: string;
  members?: Record<string, unknown>;
}

/** Returns the refusal. Its message names the key, the fault and the repair. */
export function faultRefusal({ key, fault, code = fault.code, repair, path, members = {} }: FaultyValue): Refusal {
  const isFull = fault.code === 'table_full';
  const what = isFull ? 'cannot be served by this replica' : 'cannot be read';
  const usual = isFull ? 'delete records that are not needed' : 'repair or delete it in the store';
  const message = `the store's '${key}' ${what} (${fault.message}): ${repair ?? usual}`;
  return new Refusal(code, message, {
    ...(path !== undefined && { errors: [{ path, message }] }),
    members: { key, ...members },
  });
}
