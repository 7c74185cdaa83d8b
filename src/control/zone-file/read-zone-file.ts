// Reads a zone file into memory while it arrives. Pauses often, so that other work of the replica goes on.

import { refuse } from '../../errors.ts';
import type { Fqdn } from '../../model/name.ts';
import type { Zone } from '../../model/zone.ts';
import { ZoneFileContents } from '../../model/zone-file/contents.ts';
import type { Findings } from '../../model/zone-file/findings.ts';
import { type ZoneFileNote, ZoneFileReader, type ZoneFileRecord } from '../../model/zone-file/reader.ts';
import type { Views } from '../../views/views.ts';
import type { MemoryShare } from './import-memory.ts';
import type { ImportWanted } from './import-wanted.ts';
import { yieldToEventLoop } from './yield-to-event-loop.ts';

const maxRecords = 10_000_000;
/** The limit for records that are read without a pause. A long record counts as one more for each 64 octets. */
const recordsPerTurn = 1000;

/**
 * Reads the file. Adds faults and warnings to the findings. Refuses with `payload_too_large` as soon as the file has
 * too many records, or all running imports together use too much memory.
 */
export async function readZoneFile(
  { text, strict = false, refuseSigned = false, onProgress = () => undefined, signal }: ImportWanted,
  { zones }: Views,
  zone: Zone,
  findings: Findings,
  memory: MemoryShare,
): Promise<ZoneFileContents> {
  const alone = !zones.hasZonesBelow(zone.name);
  const zoneBelow = (owner: Fqdn) => (alone ? undefined : zones.zoneBelow(zone.name, owner));
  const contents = new ZoneFileContents(zone.name, findings, { zoneBelow, strict, refuseSigned });
  const reader = new ZoneFileReader({ origin: zone.name, defaultTtl: zone.defaultTtl });
  let count = 0;
  let thisTurn = 0;
  const take = async (items: Iterable<ZoneFileRecord | ZoneFileNote>) => {
    for (const item of items) {
      if (item.kind === 'record') contents.add(item);
      else if (item.kind === 'fault') findings.fault(item.line, item.message, item.code);
      else findings.warn(item.line, item.message, item.warningKind);
      memory.hold(contents.held);
      if (contents.records > maxRecords)
        refuse('payload_too_large', `the file has more than ${maxRecords} records; nothing was changed`);
      if (++count % 100_000 === 0) onProgress({ phase: 'reading', done: count, total: undefined });
      thisTurn += item.kind === 'record' ? 1 + (item.length >> 6) : 1;
      if (thisTurn < recordsPerTurn) continue;
      thisTurn = 0;
      await yieldToEventLoop(signal);
    }
  };
  for await (const chunk of text) await take(reader.read(chunk));
  await take(reader.end());
  // The file of another server may have a `$TTL` for each TTL. Then none of them is the default.
  if (reader.directiveTtls.size === 1) [contents.defaultTtl] = reader.directiveTtls;
  contents.checkWhole();
  onProgress({ phase: 'reading', done: count, total: count });
  return contents;
}
