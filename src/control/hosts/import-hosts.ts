// Imports hosts from the rows of a spreadsheet (csv/import-rows.ts). Rows whose hosts share an address are written in
// one transaction, so that they may begin to share it.

import { isDeepStrictEqual } from 'node:util';
import { refuse, refuseField } from '../../errors.ts';
import { parseAddress } from '../../model/address.ts';
import { describeHolder } from '../../model/allocation.ts';
import { type Host, parseHostName } from '../../model/host.ts';
import { unlessInvalid } from '../../model/invalid-value.ts';
import type { Fqdn } from '../../model/name.ts';
import { defaultSpace } from '../../model/pool.ts';
import { isKnown } from '../../model/unknown.ts';
import { addressKey } from '../../store/kinds/address.ts';
import { accessOf } from '../access/access.ts';
import type { ImportMode, RowKind, RowOutcome, RowsDecision } from '../csv/import-rows.ts';
import { type RowFaults, rowPath } from '../csv/row-faults.ts';
import { hostPath } from '../reading/resource-path.ts';
import type { Decision, DecisionContext } from '../transaction/decision.ts';
import type { TransactionBuilder } from '../transaction/transaction-builder.ts';
import { decideChangeHost } from './change-host.ts';
import { createHost, decideCreateHost } from './create-host.ts';
import {
  type HostColumn,
  type HostPatch,
  hostColumns,
  newHostInput,
  type RowFlags,
  readHostRow,
  sameForm,
  withFlags,
} from './host-csv.ts';
import { type HostInput, parseHostInput, parseHostPatch } from './host-input.ts';
import { hostFrom, type WantedHost } from './host-wanted.ts';
import { HostsTogether } from './hosts-together.ts';
import { requireScope } from './require-scope.ts';
import { writeHost } from './write-host.ts';

interface HostRow {
  line: number;
  patch: HostPatch;
  flags: RowFlags;
}

/** The rows of a file, by what they name. */
interface Named {
  /** The line of the first row that names an address. */
  lines: Map<string, number>;
  rows: Map<Fqdn, HostRow>;
}

/** Returns what the rows of one file mean. `check` returns the faults of the fields of one host, with their paths. */
export function hostRows(
  check: (input: HostInput) => { path: string; message: string }[],
): RowKind<HostRow, HostColumn> {
  const names = new Map<string, number>();
  const named: Named = { lines: new Map(), rows: new Map() };
  return {
    columns: hostColumns,
    read: (header, { line, cells }, faults) => {
      const { patch, flags, ...row } = readHostRow(header, cells);
      for (const fault of row.faults) faults.add(line, fault);
      for (const { path, message } of check(newHostInput(patch))) faults.addAt(line, path, message);
      noteNames(names, line, patch, faults);
      const read = { line, patch, flags };
      const name = unlessInvalid(() => parseHostName(patch.name ?? ''));
      if (name !== undefined && !named.rows.has(name)) named.rows.set(name, read);
      for (const address of addressesOf(read)) if (!named.lines.has(address)) named.lines.set(address, line);
      return read;
    },
    // Addresses that the file names are taken first, so that no other row gets them.
    arrange: (rows) =>
      together(rows.sort((a, b) => Number(hasNoAddress(a)) - Number(hasNoAddress(b)) || a.line - b.line)),
    decide: (context, rows, mode) =>
      rows.length === 1
        ? decideImportHost(context, rows[0] as HostRow, mode, named)
        : decideImportTogether(context, rows, mode, named),
  };
}

function addressesOf({ patch }: HostRow): string[] {
  return (patch.addresses ?? []).map((one) => sameForm(one as string));
}

function hasNoAddress({ patch }: HostRow): boolean {
  return (patch.addresses ?? null) === null;
}

/** Returns the rows in lists: rows that share an address are in one. */
function together(rows: readonly HostRow[]): HostRow[][] {
  const lists = new Set<HostRow[]>();
  const listOf = new Map<string, HostRow[]>();
  for (const row of rows) {
    const shared = row.flags.shared ?? [];
    const found = new Set(shared.map((address) => listOf.get(address)).filter((one) => one !== undefined));
    const [list = [], ...others] = found;
    list.push(row);
    for (const address of shared) listOf.set(address, list);
    for (const other of others) {
      list.push(...other);
      lists.delete(other);
      for (const { flags } of other) for (const address of flags.shared ?? []) listOf.set(address, list);
    }
    lists.add(list);
  }
  return [...lists];
}

/** Adds a fault if an earlier row has the name, or one of the aliases, too. */
function noteNames(names: Map<string, number>, line: number, { name, aliases }: HostPatch, faults: RowFaults): void {
  for (const [index, text] of [name, ...(aliases ?? [])].entries()) {
    const key = text?.toLowerCase().replace(/\.$/, '');
    if (key === undefined || key === '') continue;
    const other = names.get(key);
    const column = index === 0 ? 'name' : 'aliases';
    if (other !== undefined) faults.add(line, { column, message: `${key} is also in line ${other}` });
    else names.set(key, line);
  }
}

/** Writes one row: creates its host, or changes it. Refuses as these use cases do. */
function decideImportHost(context: DecisionContext, row: HostRow, mode: ImportMode, named: Named): RowsDecision {
  const { current, wanted, change } = wantedBy(context, row);
  refuseOtherRows(context, row, current, named);
  if (current === undefined) return { decision: decideCreateHost(context, wanted), outcomes: ['created'] };
  const decision: Decision<unknown> = decideChangeHost(context, { name: current.name, precondition: {}, change });
  if (decision.operations.length === 0) return { decision, outcomes: ['unchanged'] };
  if (mode === 'create') refuseStanding(current);
  return { decision, outcomes: ['changed'] };
}

/**
 * Writes rows whose hosts share addresses, in one transaction. Hosts that stand come first: they may begin to share an
 * address. Refuses with `payload_too_large` if the transaction has no room for them.
 */
function decideImportTogether(
  context: DecisionContext,
  rows: readonly HostRow[],
  mode: ImportMode,
  named: Named,
): RowsDecision {
  const together = new HostsTogether(context, rowPath);
  const { builder } = together;
  const outcomes: RowOutcome[] = rows.map(() => 'unchanged');
  const written = (row: HostRow, index: number): Host | undefined => {
    const { current, wanted, change } = wantedBy(context, row);
    refuseOtherRows(context, row, current, named);
    const { hosts } = together;
    const host =
      current === undefined
        ? createHost(builder, together.context, wanted, hosts).host
        : changeHost(builder, current, change(current), hosts, mode);
    if (host === undefined) return undefined;
    outcomes[index] = current === undefined ? 'created' : 'changed';
    if (hosts.length > 0 && !builder.hasRoom(0)) refuseTooMany(rows, hosts.length);
    return host;
  };
  const stands = ({ patch }: HostRow) => {
    const name = unlessInvalid(() => parseHostName(patch.name ?? ''));
    return name !== undefined && context.views.hosts.get(name) !== undefined;
  };
  const entries = [...rows.entries()];
  for (const [index, row] of [
    ...entries.filter(([, row]) => stands(row)),
    ...entries.filter(([, row]) => !stands(row)),
  ])
    together.write(index, () => builder.refusals.try(() => written(row, index), '/name'));
  return { decision: together.build(() => undefined), outcomes };
}

/** Writes a changed host into a transaction of several rows. Returns undefined if its row says what stands. */
function changeHost(
  builder: TransactionBuilder,
  current: Host,
  wanted: WantedHost,
  together: readonly Host[],
  mode: ImportMode,
): Host | undefined {
  const access = accessOf(builder);
  access.needName(current.name);
  access.needHost(current.name, current);
  requireScope(builder, wanted, current);
  const host = hostFrom(builder, wanted, current);
  if (isDeepStrictEqual(host, current)) return undefined;
  if (mode === 'create') refuseStanding(current);
  writeHost(builder, current, host, { together });
  return host;
}

interface Wanted {
  current: Host | undefined;
  /** The host that the row asks for if there is none. */
  wanted: WantedHost;
  change: (host: Host | undefined) => WantedHost;
}

function wantedBy({ views }: DecisionContext, { patch, flags }: HostRow): Wanted {
  const wanted = parseHostInput(newHostInput(withFlags(patch, flags)));
  const current = isKnown(wanted.name) ? views.hosts.get(wanted.name)?.value : undefined;
  const change = (host = current): WantedHost => {
    const { ptr, ...others } = withFlags(patch, flags, host);
    return parseHostPatch(host as Host, { ...others, ...(ptr !== undefined && ptr !== host?.ptr && { ptr }) });
  };
  // A PTR that was deleted with its zone does not come back by an import.
  return { current, wanted: { ...wanted, everyPtr: false }, change };
}

/** Refuses an address that an earlier row has, or that another row of the file gives up. */
function refuseOtherRows(context: DecisionContext, row: HostRow, current: Host | undefined, named: Named): void {
  const { views, claimed } = context;
  const space = (row.patch.pool && views.pools.find(row.patch.pool)?.value.space) || defaultSpace;
  for (const [at, text] of addressesOf(row).entries()) {
    const address = unlessInvalid(() => parseAddress(text));
    if (address === undefined || current?.addresses.some((one) => one.address === address)) continue;
    const path = `/addresses/${at}`;
    const earlier = named.lines.get(address) ?? row.line;
    if (earlier < row.line && claimed.has(addressKey(space, address))) {
      const message = `${address} is also in line ${earlier}: take another, or name it in the column shared of both rows`;
      refuseField('address_taken', path, message, { address, heldBy: [] });
    }
    const record = views.pools.address(space, address)?.value;
    for (const holder of record?.state === 'held' ? record.holders : []) {
      const other = holder.kind === 'host' ? named.rows.get(holder.host) : undefined;
      if (holder.kind !== 'host' || other === undefined || !accessOf(context).hasHolder(holder)) continue;
      const wanted = addressesOf(other);
      if (other === row || wanted.length === 0 || wanted.includes(address)) continue;
      const isSwap = current?.addresses.some((one) => wanted.includes(one.address));
      const first = isSwap
        ? `exchange the addresses of both hosts (POST ${hostPath(current?.name as Fqdn)}/swap {"with": "${holder.host}"})`
        : 'import that row first';
      const heldBy = [describeHolder(holder)];
      const message = `${address} is held by ${heldBy[0]}, which gives it up in line ${other.line}: ${first}`;
      refuseField('address_taken', path, message, { address, heldBy });
    }
  }
}

function refuseStanding({ name }: Host): never {
  const message = `there is a host ${name} already, with other settings: ?mode=put changes it`;
  refuse('name_taken', message, { name }, '/name');
}

function refuseTooMany(rows: readonly HostRow[], fits: number): never {
  const message = `${rows.length} rows share addresses with this one, and one transaction has room for ${fits}: import the first ${fits} of them, then the whole file`;
  refuseField('payload_too_large', '/shared', message, { fits });
}
