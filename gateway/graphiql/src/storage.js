// GraphiQL's memory of earlier visits, in localStorage under a prefix of our own. It differs from GraphiQL's
// own in two points: the tabs of the configuration win when the configuration has changed since, and request
// headers (the bearer token) are never written, not even by the query history.

const PREFIX = 'portico:';
const CONFIG = 'config';
const TABS = 'graphiql:tabState';
const QUERY = 'graphiql:query';
const VARIABLES = 'graphiql:variables';
const HISTORY = { 'graphiql:queries': 'queries', 'graphiql:favorites': 'favorites' };

function memory() {
  const map = new Map();
  return {
    getItem: (key) => map.get(key) ?? null,
    setItem: (key, value) => void map.set(key, value),
    removeItem: (key) => void map.delete(key),
  };
}

function browserStorage() {
  try {
    localStorage.setItem(`${PREFIX}probe`, '1');
    localStorage.removeItem(`${PREFIX}probe`);
    return localStorage;
  } catch {
    return memory(); // switched off by the user
  }
}

function eachHistoryItem(key, text, change) {
  const value = JSON.parse(text);
  return JSON.stringify({ ...value, [HISTORY[key]]: value[HISTORY[key]].map(change) });
}

export function openStorage(config) {
  const backend = browserStorage();
  const storage = {
    getItem(key) {
      const text = backend.getItem(PREFIX + key);
      if (text === null || !(key in HISTORY)) return text;
      try {
        return eachHistoryItem(key, text, (item) => ({ ...item, headers: config.headersText }));
      } catch {
        return null;
      }
    },
    setItem(key, text) {
      const kept = key in HISTORY ? eachHistoryItem(key, text, ({ headers: _, ...item }) => item) : text;
      backend.setItem(PREFIX + key, kept);
    },
    removeItem: (key) => backend.removeItem(PREFIX + key),
    get length() {
      return Object.keys(backend).filter((key) => key.startsWith(PREFIX)).length;
    },
    clear() {
      Object.keys(backend)
        .filter((key) => key.startsWith(PREFIX))
        .forEach((key) => backend.removeItem(key));
    },
  };

  const known = JSON.stringify([config.endpoint, config.tabs]);
  const set = (key, value) => (value ? storage.setItem(key, value) : storage.removeItem(key));
  let active = null;
  try {
    if (storage.getItem(CONFIG) === known) {
      const state = JSON.parse(storage.getItem(TABS));
      active = state.tabs[state.activeTabIndex];
    }
  } catch {
    // unreadable: start afresh
  }
  if (!active) storage.removeItem(TABS);
  // GraphiQL adds a tab when these two do not match a remembered one.
  set(QUERY, active?.query);
  set(VARIABLES, active?.variables);
  set(CONFIG, known);
  return { storage, remembered: Boolean(active) };
}
