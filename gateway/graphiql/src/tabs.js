// Tabs when the customer changes: those of the configuration get the other customer's variables, and whatever the
// user has typed, be it a tab of their own or other variables, stays as it is.

const nameOf = (query) => /^\s*(?:#.*\s+)*(?:query|mutation|subscription)\s+(\w+)/.exec(query)?.[1] ?? null;

function createTab({ query, variables }) {
  const operationName = nameOf(query);
  return {
    id: crypto.getRandomValues(new Uint32Array(4)).join('-'),
    hash: null,
    title: operationName ?? '<untitled>',
    query,
    variables,
    headers: null,
    operationName,
    response: null,
  };
}

const same = (one, other) => one.query === other.query && (one.variables ?? '') === (other.variables ?? '');

// Where a tab of the configuration belongs among others: behind the one that precedes it there.
function insert(tabs, tab, offered) {
  const before = offered.slice(0, offered.findIndex(({ query }) => query === tab.query));
  const at = tabs.findLastIndex(({ query }) => before.some((earlier) => earlier.query === query));
  return tabs.toSpliced(at + 1, 0, tab);
}

// `from` are the configured tabs of the earlier customer, `to` those of the next one. A tab that the user closed stays
// closed, one that the earlier customer did not have is added.
export function retarget(tabs, from, to) {
  const kept = tabs.flatMap((tab) => {
    if (!from.some((earlier) => same(tab, earlier))) return [tab];
    const next = to.find(({ query }) => query === tab.query);
    return next ? [{ ...tab, variables: next.variables, response: null }] : [];
  });
  const isNew = ({ query }) => ![...from, ...kept].some((tab) => tab.query === query);
  const all = to.filter(isNew).reduce((done, tab) => insert(done, createTab(tab), to), kept);
  return all.length ? all : to.map(createTab);
}
