// Recognizes, by the first octets of a file, that it is no text in UTF-8 or in an encoding like it: without that, each
// line would have a fault of its own.

/** The octets that {@link foreignFormFault} needs. Only a shorter file may have fewer. */
export const formOctets = 4;

const toUtf8 = 'convert it to UTF-8';

/** What a file begins with, as latin1. Text in UTF-16 without a byte order mark begins with two characters of ASCII. */
const forms: readonly [start: RegExp, fault: string][] = [
  [/^(?:\xff\xfe\0\0|\0\0\xfe\xff)/, `the file is in UTF-32: ${toUtf8}`],
  [/^(?:\xff\xfe|\xfe\xff|[^\0]\0[^\0]\0|\0[^\0]\0[^\0])/, `the file is in UTF-16: ${toUtf8}`],
  [/^\0\0\0\x02/, "the file is in BIND's raw format: convert it to text (named-compilezone -f raw -F text)"],
  [/^\x1f\x8b/, 'the file is compressed with gzip: decompress it'],
];

/** Returns the fault of a file that begins with these octets (latin1), if it is in a form that is not read. */
export function foreignFormFault(start: string): string | undefined {
  return forms.find(([begins]) => begins.test(start))?.[1];
}
