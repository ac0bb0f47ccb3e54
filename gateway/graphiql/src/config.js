// What the gateway tells the page at GET /graphiql/config.json: the tabs, and the demo customers it may act as.

// GraphiQL names a tab after the operation in it, so an operation without a name gets the tab's title.
function named(query, title) {
  const name = title.replace(/[^A-Za-z0-9_]+/g, '_').replace(/^(?=[0-9])|^$/, '_');
  return query
    .replace(/^((?:\s|#.*\n)*)\{/, `$1query ${name} {`)
    .replace(/^((?:\s|#.*\n)*)(query|mutation|subscription)(\s*[({@])/, `$1$2 ${name}$3`);
}

const WITH_CUSTOMERS =
  '{\n  // Requests carry the token of the customer chosen above.\n  // An "Authorization" written here replaces it.\n}';
const WITHOUT = '{\n  "Authorization": "Bearer "\n}';

export async function loadConfig() {
  const url = `${import.meta.env.BASE_URL}config.json`;
  const response = await fetch(url, { cache: 'no-store' });
  if (!response.ok) {
    throw new Error(`${url} answered HTTP ${response.status} ${response.statusText}`);
  }
  const { endpoint = '/graphql', tabs = [], customers = [] } = await response.json();
  const tabsWith = (variables) =>
    tabs
      .filter(({ title }) => title in variables)
      .map(({ title, query }) => ({ query: named(query, title), variables: variables[title] }));
  return {
    endpoint,
    // What the header editor shows at first.
    headersText: customers.length ? WITH_CUSTOMERS : WITHOUT,
    customers: customers.map(({ variables, ...customer }) => ({ ...customer, tabs: tabsWith(variables) })),
    // Where there is no customer whose ids could be shown.
    tabs: tabsWith(Object.fromEntries(tabs.map(({ title }) => [title, '{}']))),
  };
}
