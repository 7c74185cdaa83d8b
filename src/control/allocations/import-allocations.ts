// Imports allocations into a pool from the rows of a spreadsheet (csv/import-rows.ts). Each row names its address, so
// that to repeat an import allocates nothing twice. The rows of one address share a transaction, because they share its
// key.

import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { refuseField } from '../../errors.ts';
import { type Address, parseAddress } from '../../model/address.ts';
import {
  type AddressRecord,
  type Allocation,
  describeHolder,
  type Holder,
  holderKinds,
  isHost,
} from '../../model/allocation.ts';
import { parseHostName } from '../../model/host.ts';
import { unlessInvalid } from '../../model/invalid-value.ts';
import type { Pool } from '../../model/pool.ts';
import { addressKey } from '../../store/kinds/address.ts';
import { accessOf } from '../access/access.ts';
import { checkInPool, chooseExplicit, mayJoin, requireInPool } from '../addresses/choose-explicit.ts';
import { recordNow, takeAddress } from '../addresses/hold-address.ts';
import { withoutEmpty } from '../csv/columns.ts';
import type { ImportMode, RowKind, RowOutcome, RowsDecision } from '../csv/import-rows.ts';
import { type RowFault, rowPath } from '../csv/row-faults.ts';
import { existingPool } from '../reading/existing.ts';
import { resourceOf } from '../reading/holder-rules.ts';
import type { DecisionContext } from '../transaction/decision.ts';
import { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { type AllocationCells, type AllocationColumn, allocationColumns, readAllocationRow } from './allocation-csv.ts';
import { type AllocationInput, parseAllocationPatch } from './allocation-input.ts';
import { changeHolder } from './change-allocation.ts';

interface AllocationRow extends Omit<AllocationCells, 'address'> {
  line: number;
  address: Address;
  /** The identifier if the row makes a new allocation. All attempts of a decision must have the same. */
  newId: string;
}

/**
 * Returns what the rows of one file mean. `check` returns the faults of the fields of one allocation, with their paths.
 */
export function allocationRows(
  pool: string,
  check: (input: AllocationInput) => { path: string; message: string }[],
): RowKind<AllocationRow, AllocationColumn> {
  return {
    columns: allocationColumns,
    read: (header, { line, cells }, faults) => {
      const { read, faults: found } = readAllocationRow(header, cells, Date.now());
      for (const fault of [...found, ...kindFaults(read)]) faults.add(line, fault);
      for (const { path, message } of check(inputOf(read))) faults.addAt(line, path, message);
      const address = unlessInvalid(() => parseAddress(read.address ?? ''));
      if (address !== undefined) return { ...read, line, address, newId: randomUUID() };
      const message =
        read.address === undefined
          ? `is needed: to get the next free one, allocate it (POST /v1/pools/${pool}/allocations)`
          : `'${read.address}' is no IPv4 or IPv6 address`;
      faults.add(line, { column: 'address', message });
      return undefined;
    },
    arrange: (rows) => [...Map.groupBy(rows, ({ address }) => address).values()],
    decide: (context, rows, mode) => decideImportAllocations(context, pool, rows, mode),
  };
}

/** Returns the faults of the kind of a row: it is about an allocation, or about the named host. */
function kindFaults({ kind, host, id }: AllocationCells): RowFault[] {
  const isHost = host !== undefined;
  if (kind !== undefined && !holderKinds.some((one) => one === kind))
    return [{ column: 'kind', message: `'${kind}' is neither ${holderKinds.toReversed().join(' nor ')}` }];
  if (kind !== undefined && isHost !== (kind === 'host'))
    return [{ column: 'host', message: isHost ? 'an allocation has no host' : 'the name of the host is needed' }];
  return isHost && id !== undefined ? [{ column: 'id', message: 'a host has no id here' }] : [];
}

/** Returns the fields of a row as a request has them. */
function inputOf({ patch }: AllocationCells): AllocationInput {
  const { expiresAt: _, tags, ...fields } = patch;
  return { ...withoutEmpty(fields), ...(tags && { tags: withoutEmpty(tags) }) } as AllocationInput;
}

/**
 * Writes the rows of one address: allocates it, or changes its allocations. Refuses as {@link chooseExplicit} and
 * {@link changeHolder} do, with `not_found` a row whose holder does not hold the address, and with `address_taken` in
 * the mode `create` a row whose allocation has other settings.
 */
function decideImportAllocations(
  context: DecisionContext,
  poolName: string,
  rows: readonly AllocationRow[],
  mode: ImportMode,
): RowsDecision {
  const { value: pool } = existingPool(context, poolName);
  const builder = new TransactionBuilder(context);
  const lines = new Map<string, number>();
  const outcomes = rows.map((row, index) => {
    const write = () => writeRow(builder, pool, row, mode, lines);
    return builder.refusals.under(rowPath(index), () => builder.refusals.try(write, '/address')) ?? 'unchanged';
  });
  return { decision: builder.build(undefined), outcomes };
}

/** `lines`: the line of each holder that an earlier row of the same address is about. */
function writeRow(
  builder: TransactionBuilder,
  pool: Pool,
  row: AllocationRow,
  mode: ImportMode,
  lines: Map<string, number>,
): RowOutcome {
  const { address, line } = row;
  refuseElsewhere(pool, row);
  requireInPool(builder, pool, address, '/address');
  const record = recordNow(builder, pool.space, address);
  const holder = holderOf(builder, record, row);
  const earlier = holder && lines.get(describeHolder(holder));
  if (earlier !== undefined) refuseField('invalid_request', '/address', `${address} is also in line ${earlier}`);
  if (record === undefined || holder === undefined) {
    const created = applyPatch({ kind: 'allocation', id: row.newId, owner: '' }, row, builder.now);
    allocate(builder, pool, address, created);
    lines.set(describeHolder(created), line);
    return 'created';
  }
  lines.set(describeHolder(holder), line);
  if (holder.kind !== 'allocation') return refuseChanged(address, holder, row);
  const next = applyPatch(holder, row, builder.now);
  if (isDeepStrictEqual(next, holder)) return 'unchanged';
  if (mode === 'create') {
    const message = `${address} is allocated already, with other settings: ?mode=put changes them`;
    refuseField('address_taken', '/address', message, { address });
  }
  changeHolder(builder, record, holder, next);
  return 'changed';
}

/** Refuses a row that names another pool, or another space. */
function refuseElsewhere(pool: Pool, { pool: name = pool.name, space = pool.space }: AllocationRow): void {
  if (name !== pool.name)
    refuseField('invalid_request', '/pool', `'${name}' is another pool than '${pool.name}': import the row there`);
  if (space !== pool.space)
    refuseField(
      'invalid_request',
      '/space',
      `'${space}' is not the space of pool '${pool.name}': that is '${pool.space}'`,
    );
}

/**
 * Returns the holder of the address that a row is about, if the actor may see it: the named host, or the allocation
 * with the `id`. Without an `id`, the allocation with the same sharing key and ports, or the only holder if it does not
 * share. Returns undefined if the row is about a new allocation. Refuses with `not_found` a named holder that does not
 * hold the address.
 */
function holderOf(context: DecisionContext, record: AddressRecord | undefined, row: AllocationRow): Holder | undefined {
  const { address, host, id, patch } = row;
  const seen = record === undefined ? [] : accessOf(context).withHolders(record).holders;
  if (host !== undefined) {
    const name = unlessInvalid(() => parseHostName(host));
    return seen.find((holder) => name !== undefined && isHost(holder, name)) ?? refuseHost(address, host);
  }
  const allocations = seen.filter((holder) => holder.kind === 'allocation');
  if (id !== undefined) return allocations.find((holder) => holder.id === id) ?? refuseId(address, id);
  const { sharingKey: key, ports } = patch;
  const isSame = (holder: Allocation) =>
    holder.sharingKey === key && isDeepStrictEqual(holder.ports ?? [], ports ?? []);
  const sharer = typeof key === 'string' ? allocations.find(isSame) : undefined;
  if (sharer !== undefined || record?.holders.length !== 1) return sharer;
  return allocations.find(({ sharingKey }) => typeof key !== 'string' || sharingKey === undefined);
}

function refuseHost(address: Address, host: string): never {
  const message = `${address} is not held by host '${host}': create hosts and their addresses with POST /v1/hosts:import`;
  refuseField('not_found', '/host', message, { address });
}

function refuseId(address: Address, id: string): never {
  const message = `${address} is not held by allocation '${id}': leave the cell empty to allocate the address anew`;
  refuseField('not_found', '/id', message, { address });
}

/** Refuses a row that does not say what a holder has that is no allocation. Such a holder is changed elsewhere. */
function refuseChanged(address: Address, holder: Exclude<Holder, Allocation>, { patch }: AllocationRow): 'unchanged' {
  const { owner, sharingKey, ports, expiresAt, tags } = patch;
  const isOther =
    (owner !== undefined && (owner ?? '') !== holder.owner) ||
    (sharingKey !== undefined && (sharingKey ?? undefined) !== holder.sharingKey) ||
    (ports !== undefined && !isDeepStrictEqual(ports ?? [], holder.ports ?? [])) ||
    typeof expiresAt === 'string' ||
    Object.values(tags ?? {}).some((value) => value !== null);
  if (!isOther) return 'unchanged';
  const message = `${address} belongs to ${describeHolder(holder)}: ${resourceOf(holder).change(holder)}`;
  return refuseField('managed_record', '/host', message, { address });
}

/** Returns the allocation with the fields of the row. */
function applyPatch(current: Allocation, { patch }: AllocationRow, now: number): Allocation {
  const { expiresAt, ports, ...fields } = patch;
  // No ports are written as an empty cell.
  const noPorts = current.ports?.length === 0 ? [] : null;
  const next = parseAllocationPatch(
    current,
    { ...fields, ...(ports !== undefined && { ports: ports ?? noPorts }) },
    now,
  );
  if (expiresAt === undefined) return next;
  const { expiresAt: _, ...endless } = next;
  return expiresAt === null ? endless : { ...endless, expiresAt };
}

/** Gives a new allocation the address, or a part of it if earlier rows of the address share it. */
function allocate(builder: TransactionBuilder, pool: Pool, address: Address, created: Allocation): void {
  accessOf(builder).needOwner(created.owner, '/owner');
  checkInPool(builder, pool, address, '/address');
  const record = recordNow(builder, pool.space, address);
  if (!builder.writes(addressKey(pool.space, address))) {
    takeAddress(builder, chooseExplicit(builder, address, '/address', pool, created), created, '/address');
  } else if (record !== undefined && mayJoin(builder, record, created)) {
    takeAddress(builder, { address, space: pool.space, givenBy: record.givenBy }, created, '/address');
  } else {
    const message = 'rows of one address must have the same sharing key, and each needs ports of its own';
    refuseField('address_taken', '/address', message, { address });
  }
}
