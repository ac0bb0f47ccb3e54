// GraphiQL's memory of earlier visits, in localStorage under a prefix of our own. It differs from GraphiQL's
// own in two points: tabs of the configuration that the user left as they were follow the configuration when that has
// changed since (a new idempotency key, say), and request headers are never written, not even by the query history.

import { retarget } from './tabs.js';

const PREFIX = 'portico:';
const PRESETS = 'presets';
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

  storage.setPresets = (tabs) => storage.setItem(PRESETS, JSON.stringify(tabs));

  const set = (key, value) => (value ? storage.setItem(key, value) : storage.removeItem(key));

  function remembered(presets) {
    try {
      const state = JSON.parse(storage.getItem(TABS));
      const earlier = JSON.parse(storage.getItem(PRESETS));
      const tabs = retarget(state.tabs, earlier, presets);
      const id = state.tabs[state.activeTabIndex].id;
      const activeTabIndex = Math.max(tabs.findIndex((tab) => tab.id === id), 0);
      return { tabs, activeTabIndex };
    } catch {
      return null; // a first visit, or unreadable
    }
  }

  // Prepares what GraphiQL reads at its start. Says whether there is anything.
  storage.restoreTabs = (presets) => {
    const state = remembered(presets);
    const active = state?.tabs[state.activeTabIndex];
    set(TABS, state && JSON.stringify(state));
    // GraphiQL adds a tab when these two do not match a remembered one.
    set(QUERY, active?.query);
    set(VARIABLES, active?.variables);
    storage.setPresets(presets);
    return Boolean(state);
  };
  return storage;
}
