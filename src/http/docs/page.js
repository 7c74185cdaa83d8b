// Starts Swagger UI on the page /docs. The token stays in the storage of the tab: reloading the page keeps it, and
// closing the tab forgets it.

const storageKey = 'zonewright-token';

/** Keeps the token when the reader authorises, and forgets it when the reader logs out. */
function keepToken() {
  const wrap = (store) => (original) => (payload) => {
    store(payload);
    return original(payload);
  };
  return {
    statePlugins: {
      auth: {
        wrapActions: {
          authorize: wrap(({ token }) => token && sessionStorage.setItem(storageKey, token.value)),
          logout: wrap(() => sessionStorage.removeItem(storageKey)),
        },
      },
    },
  };
}

/**
 * Returns the description of the API without the bodies of refusals: all are the same, and each would fill ten screens.
 */
async function loadDescription() {
  const description = await (await fetch('../openapi.json')).json();
  for (const operations of Object.values(description.paths))
    for (const { responses } of Object.values(operations))
      for (const [status, response] of Object.entries(responses))
        if (Number(status) >= 400) responses[status] = { description: response.description };
  return description;
}

const ui = globalThis.SwaggerUIBundle({
  spec: await loadDescription(),
  dom_id: '#api',
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  plugins: [keepToken],
  // Never asks another server whether the description is valid.
  validatorUrl: null,
  onComplete: () => {
    const token = sessionStorage.getItem(storageKey);
    if (token !== null) ui.preauthorizeApiKey('token', token);
  },
});
