// Tokens of the store, for tests of what their bearers may do.

import type { TokenInput } from '../../src/control/tokens/token-input.ts';
import { type Api, apiAt } from './api-client.ts';

/** Creates a token of the store. Returns a client of the API with this token, and the token's secret. */
export async function tokenFor(
  { api, url }: { api: Api; url: string },
  name: string,
  settings: Partial<Omit<TokenInput, 'name'>> = {},
): Promise<{ api: Api; token: string }> {
  const body = { name, role: 'admin', ...settings };
  const { token } = await api.ok<{ token: string }>(201, 'POST', '/v1/tokens', body);
  return { api: apiAt(url, token), token };
}
