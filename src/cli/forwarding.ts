// `zonewright forwarding ZONES --resolver NAME`: prints the configuration of a resolver as the API renders it. With
// `--apply FILE`, writes it into a file that the resolver includes, if the file differs. If the API refuses the
// configuration, for example because no target answers, no file is changed.

import { text } from 'node:stream/consumers';
import { messageOf } from '../model/thrown.ts';
import { type ApiCall, askApi } from './ask-api.ts';
import { type Marked, prepareMarked } from './marked-file.ts';

interface ForwardingOptions extends ApiCall {
  /** Names of zones, separated by commas. */
  zones: string;
  resolver: string;
  part: string | undefined;
  apply: string | undefined;
  applyOptions: string | undefined;
}

/** A part of a configuration that goes into a file of its own. */
interface Place {
  /** Undefined: the configuration has one part only. */
  part?: string;
  /** The text with which a comment begins. */
  comment: string;
}

/** The resolvers that can include files, with the parts for `--apply` and for `--apply-options`. */
export const applied: Readonly<Record<string, { apply: Place; applyOptions?: Place }>> = {
  bind: { apply: { part: 'zones', comment: '//' }, applyOptions: { part: 'options', comment: '//' } },
  coredns: { apply: { comment: '#' } },
  dnsmasq: { apply: { comment: '#' } },
  'knot-resolver-5': { apply: { comment: '--' } },
  opnsense: { apply: { comment: '#' } },
  'pdns-recursor-4': { apply: { part: 'settings', comment: '#' }, applyOptions: { part: 'lua', comment: '--' } },
  'pihole-6': { apply: { comment: '#' } },
  unbound: { apply: { comment: '#' } },
};

const patience = { answerMilliseconds: 30_000, sendMilliseconds: 30_000 };

/** Returns the exit status: 0 if the configuration is printed, or is in the files, else 1. */
export async function forwarding(options: ForwardingOptions): Promise<number> {
  try {
    const { apply, applyOptions, part } = options;
    if (apply === undefined && applyOptions === undefined) process.stdout.write(await rendered(options, part));
    else await writeFiles(options);
    return 0;
  } catch (error) {
    process.stderr.write(`zonewright forwarding: ${messageOf(error)}\n`);
    return 1;
  }
}

async function rendered(options: ForwardingOptions, part: string | undefined): Promise<string> {
  const query = new URLSearchParams({ zones: options.zones, ...(part !== undefined && { part }) });
  const path = `/v1/forwarding/${encodeURIComponent(options.resolver)}?${query}`;
  const { response } = await askApi(options, path, patience);
  return text(response);
}

/** Prepares all files before it changes the first one. */
async function writeFiles(options: ForwardingOptions): Promise<void> {
  const { resolver } = options;
  const places = Object.hasOwn(applied, resolver) ? applied[resolver] : undefined;
  if (places === undefined) {
    const known = Object.keys(applied).join(', ');
    throw new Error(`${resolver} has no file that could be written: --apply is for ${known}`);
  }
  const wanted = [
    [options.apply, places.apply, '--apply'],
    [options.applyOptions, places.applyOptions, '--apply-options'],
  ] as const;
  const prepared: Marked[] = [];
  try {
    for (const [file, place, flag] of wanted) {
      if (file === undefined) continue;
      if (place === undefined) throw new Error(`${resolver} has one file only: leave out ${flag}`);
      prepared.push(await prepareMarked(file, await rendered(options, place.part), place.comment));
    }
    for (const file of prepared) await file.commit();
    // A script that reads this output may reload the resolver: all files are complete by now.
    process.stdout.write(
      prepared.map(({ differs, path }) => `${differs ? 'changed' : 'unchanged'}: ${path}\n`).join(''),
    );
  } finally {
    for (const file of prepared) await file.discard();
  }
}
