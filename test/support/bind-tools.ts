// BIND's tools as independent readers of records: named-rrchecker for one, named-compilezone for many at once.

import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const folders = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/local/sbin'];

function find(program: string): string | undefined {
  return folders.map((folder) => join(folder, program)).find(existsSync);
}

const rrchecker = find('named-rrchecker');
const compilezone = find('named-compilezone');

/** For a test's `skip`: false where the tools are there, or where their absence must be a failure. */
export function skipWithoutBindTools(): string | false {
  const missing = rrchecker === undefined || compilezone === undefined;
  return missing && process.env.CI !== 'true' ? 'named-rrchecker is not here: install bind9' : false;
}

/** The types that BIND knows by name. */
export function bindTypes(): string[] {
  return execFileSync(rrchecker ?? 'named-rrchecker', ['-T'], { encoding: 'utf8' })
    .trim()
    .split('\n');
}

/** A record as BIND reads it, by RFC 3597; undefined when BIND refuses it. */
export async function readByBind(type: string, rdata: string): Promise<{ code: number; hex: string } | undefined> {
  const checking = promisify(execFile)(rrchecker ?? 'named-rrchecker', ['-u'], { encoding: 'utf8' });
  checking.child.stdin?.end(`IN ${type} ${rdata}\n`);
  const { stdout } = await checking.catch(() => ({ stdout: '' }));
  const [, code, length, hex = ''] = /^CLASS1\tTYPE(\d+)\t\\# (\d+) ?([0-9A-F ]*)/.exec(stdout) ?? [];
  return code === undefined || length === undefined
    ? undefined
    : { code: Number(code), hex: hex.replaceAll(' ', '').toLowerCase() };
}

export interface CompiledRecord {
  owner: string;
  code: number;
  hex: string;
}

/** The records of a zone file as BIND holds them, or what BIND says against it. */
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
    });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    return stdout + stderr || String(error);
  }
  return readRawZone(readFileSync(compiled));
}

/** BIND's raw format, version 1: a header, then RRsets. All numbers are in network order. */
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
