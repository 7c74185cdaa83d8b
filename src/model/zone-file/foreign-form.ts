// Recognizes, by its first octets, a file that is compressed, in BIND's raw format, or in UTF-16 or UTF-32. Otherwise
// each line of such a file would get a fault of its own.

/** The number of octets that {@link foreignFormFault} needs. Pass fewer only for a shorter file. */
export const formOctets = 4;

const toUtf8 = 'convert it to UTF-8';

/** The beginnings of such files, as latin1. UTF-16 without a byte order mark is recognized by two ASCII characters. */
const forms: readonly [start: RegExp, fault: string][] = [
  [/^(?:\xff\xfe\0\0|\0\0\xfe\xff)/, `the file is in UTF-32: ${toUtf8}`],
  [/^(?:\xff\xfe|\xfe\xff|[^\0]\0[^\0]\0|\0[^\0]\0[^\0])/, `the file is in UTF-16: ${toUtf8}`],
  [/^\0\0\0\x02/, "the file is in BIND's raw format: convert it to text (named-compilezone -f raw -F text)"],
  [/^\x1f\x8b/, 'the file is compressed with gzip: decompress it'],
];

/** Returns the fault of a file that begins with these octets (latin1); undefined if it is in none of these forms. */
export function foreignFormFault(start: string): string | undefined {
  return forms.find(([begins]) => begins.test(start))?.[1];
}
