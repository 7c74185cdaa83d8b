// Reads records with BIND's tools, independently of our parsers: named-rrchecker reads one record, named-compilezone
// many at once.

import { execFile, execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from './peer-process.ts';

const rrchecker = findProgram('named-rrchecker');
const compilezone = findProgram('named-compilezone');

/** Returns a test's `skip`: false if the tools are installed, or under CI, where the test must fail without them. */
export function skipWithoutBindTools(): string | false {
  const missing = rrchecker === undefined || compilezone === undefined;
  return missing && process.env.CI !== 'true' ? 'named-rrchecker is not installed: install bind9' : false;
}

/** Returns the types that BIND knows by name. */
export function bindTypes(): string[] {
  return execFileSync(rrchecker ?? 'named-rrchecker', ['-T'], { encoding: 'utf8' })
    .trim()
    .split('\n');
}

/** Returns a record as BIND reads it, in the form of RFC 3597; undefined if BIND refuses it. */
export async function readByBind(type: string, rdata: string): Promise<{ code: number; hex: string } | undefined> {
  const checking = promisify(execFile)(rrchecker ?? 'named-rrchecker', ['-u'], { encoding: 'utf8' });
  checking.child.stdin?.end(`IN ${type} ${rdata}\n`);
  const { stdout } = await checking.catch(() => ({ stdout: '' }));
  const [, code, length, hex = ''] = /^CLASS1\tTYPE(\d+)\t\\# (\d+) ?([0-9A-F ]*)/.exec(stdout) ?? [];
  return code === undefined || length === undefined
    ? undefined
    : { code: Number(code), hex: hex.replaceAll(' ', '').toLowerCase() };
}

/** Returns whether the rdata fits one line of a zone file: no parentheses, no open quote, no escape at its end. */
const lineOfItsOwn = (text: string): boolean =>
  !/[()]|\\$/.test(text) && (text.replace(/\\./g, '').match(/"/g)?.length ?? 0) % 2 === 0;

/** Returns the rdata of many records as BIND reads them, in hex; undefined for each record that BIND refuses. */
export async function readManyByBind(
  folder: string,
  records: readonly { type: string; text: string }[],
): Promise<(string | undefined)[]> {
  const inZone = (type: string, text: string): boolean => !/^(SOA|MD|MF)$/.test(type) && lineOfItsOwn(text);
  const apex = '@ 60 IN SOA . . 1 2 3 4 5\n@ 60 IN NS .\n';
  const lines = records.map(({ type, text }, index) => (inZone(type, text) ? `r${index} 60 IN ${type} ${text}` : ''));
  const complaints = compileByBind(folder, 'example', `${apex}${lines.join('\n')}\n`);
  if (typeof complaints === 'string') {
    for (const [, line] of complaints.matchAll(/^dns_rdata_fromtext: \S+?:(\d+): /gm)) lines[Number(line) - 3] = '';
  }
  const compiled = compileByBind(folder, 'example', `${apex}${lines.join('\n')}\n`);
  if (typeof compiled === 'string') throw new Error(compiled);
  const found = new Map(compiled.map(({ owner, hex }) => [owner, hex]));
  const alone = async ({ type, text }: { type: string; text: string }) => (await readByBind(type, text))?.hex;
  return Promise.all(
    records.map((record, index) =>
      inZone(record.type, record.text) ? found.get(`r${index}.example.`) : alone(record),
    ),
  );
}

export interface CompiledRecord {
  owner: string;
  code: number;
  hex: string;
}

/** Returns the records of a zone file as BIND compiles them, or BIND's error messages. */
export function compileByBind(folder: string, zone: string, text: string): CompiledRecord[] | string {
  const file = join(folder, 'zone');
  const compiled = join(folder, 'compiled');
  writeFileSync(file, text);
  const checks = [
    '-k',
    'ignore',
    '-n',
    'ignore',
    '-i',
    'none',
    '-r',
    'ignore',
    '-m',
    'ignore',
    '-M',
    'ignore',
    '-S',
    'ignore',
    '-T',
    'ignore',
  ];
  try {
    execFileSync(compilezone ?? 'named-compilezone', [...checks, '-F', 'raw', '-o', compiled, zone, file], {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    return stdout + stderr || String(error);
  }
  return readRawZone(readFileSync(compiled));
}

/** Reads BIND's raw format, version 1: a header, then RRsets. All numbers are in network order. */
function readRawZone(file: Buffer): CompiledRecord[] {
  const records: CompiledRecord[] = [];
  const headerBytes = 24;
  for (let at = headerBytes; at < file.length; ) {
    const end = at + file.readUInt32BE(at);
    const code = file.readUInt16BE(at + 6);
    const count = file.readUInt32BE(at + 14);
    const nameBytes = file.readUInt16BE(at + 18);
    const owner = readName(file.subarray(at + 20, at + 20 + nameBytes));
    let record = at + 20 + nameBytes;
    for (let left = count; left > 0; left -= 1) {
      const length = file.readUInt16BE(record);
      records.push({ owner, code, hex: file.toString('hex', record + 2, record + 2 + length) });
      record += 2 + length;
    }
    at = end;
  }
  return records;
}

function readName(wire: Buffer): string {
  const labels: string[] = [];
  for (let at = 0; wire[at] !== 0; at += 1 + (wire[at] as number)) {
    labels.push(wire.toString('latin1', at + 1, at + 1 + (wire[at] as number)));
  }
  return `${labels.join('.')}.`;
}
