// Parses requests about tokens: checks the fields of a request and returns branded values. A refusal names the path of
// the field.

import { atField } from '../../errors.ts';
import { InvalidValue } from '../../model/invalid-value.ts';
import { parseName } from '../../model/name.ts';
import type { Rights, Role } from '../../model/rights.ts';
import { environmentToken } from '../../store/kinds/token.ts';
import { parseList } from '../input/parse-list.ts';
import { parseAll } from '../input/refusals.ts';

/** A token as people write it. */
export interface TokenInput {
  name: string;
  role: Role;
  zones?: string[];
  pools?: string[];
  owner?: string;
  expiresInSeconds?: number;
}

export interface WantedToken {
  id: string;
  name: string;
  /** `pools` has the names of pools, or their ids. */
  rights: Rights;
  expiresInSeconds?: number;
}

const maxId = 63;

/** Returns the token that the input asks for. Its id comes from its name. Refuses with `invalid_request`. */
export function parseTokenInput({ name, role, owner, expiresInSeconds, ...input }: TokenInput): WantedToken {
  const [id, zones, pools] = parseAll(
    () => atField('/name', () => idOf(name)),
    () => input.zones && parseList('/zones', input.zones, parseName),
    () => input.pools && parseList('/pools', input.pools, (pool) => pool),
  );
  const rights: Rights = {
    role,
    ...(zones && { zones }),
    ...(pools && { pools }),
    ...(owner !== undefined && { owner }),
  };
  return { id, name, rights, ...(expiresInSeconds !== undefined && { expiresInSeconds }) };
}

/** Returns the id for a name: `CI Köln` → `ci-koln`. Throws InvalidValue. */
function idOf(name: string): string {
  if (/\p{C}/u.test(name)) throw new InvalidValue('has an invisible or control character');
  const letters = name.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase();
  const words = letters.match(/[a-z0-9]+/g) ?? [];
  const id = words.join('-').slice(0, maxId).replace(/-$/, '');
  if (id === '') throw new InvalidValue('needs a letter or a digit (a-z, 0-9)');
  if (id === environmentToken) throw new InvalidValue(`'${id}' stands for ZONEWRIGHT_ADMIN_TOKEN: choose another name`);
  return id;
}
