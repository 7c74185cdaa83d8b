// The mailbox of the person responsible for a zone (RFC 1035 §3.3.13), as a name or as an e-mail address.

import { isInternational, refuseInternationalMailbox } from './international-name.ts';
import { InvalidValue } from './invalid-value.ts';
import { type Fqdn, parseName } from './name.ts';

/** An e-mail address: a first part in which each special character may be escaped, `@`, and a domain. */
const address = /^((?:\\.|[^\\@])+)@([^@]+)$/s;

/**
 * Parses a mailbox. The first part of an e-mail address becomes the first label, its dots included (RFC 1035 §8):
 * `john.doe@example` is `john\.doe.example`. Throws InvalidValue.
 */
export function parseMailbox(text: string): Fqdn {
  if (!text.replace(/\\./gs, '').includes('@')) return parseName(text);
  const [, local, domain] = address.exec(text) ?? [];
  if (local === undefined) throw new InvalidValue(`'${text}' is not an e-mail address: one @ and a domain are needed`);
  if (isInternational(local)) refuseInternationalMailbox(local);
  return parseName(`${local.replace(/\\.|\./gs, (one) => (one === '.' ? '\\.' : one))}.${domain}`);
}

/**
 * Corrects a name of a zone file whose author wrote an e-mail address in place of a name: makes a dot of the `@` in the
 * first label. Returns any other name unchanged.
 */
export function withoutAt(name: Fqdn): Fqdn {
  return name.replace(/^((?:\\[^@]|[^\\.])+)\\@(?=[^.])/, '$1.') as Fqdn;
}
