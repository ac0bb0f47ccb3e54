// What the gateway tells the page at GET /graphiql/config.json.

const pretty = (value) => JSON.stringify(value, null, 2);

// GraphiQL names a tab after the operation in it, so an operation without a name gets the tab's title.
function named(query, title) {
  const name = title.replace(/[^A-Za-z0-9_]+/g, '_').replace(/^(?=[0-9])|^$/, '_');
  return query
    .replace(/^((?:\s|#.*\n)*)\{/, `$1query ${name} {`)
    .replace(/^((?:\s|#.*\n)*)(query|mutation|subscription)(\s*[({@])/, `$1$2 ${name}$3`);
}

export async function loadConfig() {
  const url = `${import.meta.env.BASE_URL}config.json`;
  const response = await fetch(url, { cache: 'no-store' });
  if (!response.ok) {
    throw new Error(`${url} answered HTTP ${response.status} ${response.statusText}`);
  }
  const { endpoint = '/graphql', headers = {}, tabs = [] } = await response.json();
  return {
    endpoint,
    headers,
    // What the header editor shows at first.
    headersText: pretty(Object.keys(headers).length ? headers : { Authorization: 'Bearer ' }),
    tabs: tabs.map(({ title = '', query, variables = '' }) => ({
      query: named(query, title),
      variables: typeof variables === 'string' ? variables : pretty(variables),
    })),
  };
}
