import 'graphiql/setup-workers/vite';
import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import 'graphiql/graphiql.css';
import './portico.css';

import { GraphiQL } from 'graphiql';
import { createRoot } from 'react-dom/client';

import { loadConfig } from './config.js';
import { createFetcher } from './fetcher.js';
import { SchemaNotice } from './notice.jsx';
import { openStorage } from './storage.js';

function fail(error) {
  const text = document.createElement('p');
  text.className = 'portico-start';
  text.role = 'alert';
  text.textContent = `GraphiQL could not start: ${error.message}`;
  document.body.replaceChildren(text);
}

function start(config) {
  const { storage, remembered } = openStorage(config);
  const tabs = config.tabs.map((tab) => ({ ...tab, headers: config.headersText }));
  const initial =
    tabs.length && !remembered ? { initialQuery: tabs[0].query, initialVariables: tabs[0].variables } : {};
  let headerEditorReady = false;

  createRoot(document.getElementById('root'), { onUncaughtError: fail }).render(
    <GraphiQL
      fetcher={createFetcher(config, () => headerEditorReady)}
      storage={storage}
      {...initial}
      initialHeaders={config.headersText}
      defaultHeaders={config.headersText}
      defaultTabs={tabs.length ? tabs : undefined}
      // The token stays off the screen unless it is still to be typed in.
      defaultEditorToolsVisibility={Object.keys(config.headers).length ? 'variables' : 'headers'}
      isHeadersEditorEnabled
      shouldPersistHeaders={false}
      inputValueDeprecation
      schemaDescription
    >
      <GraphiQL.Logo>
        <span className="portico-logo">Portico</span>
      </GraphiQL.Logo>
      <SchemaNotice
        onHeaderEditor={(ready) => {
          headerEditorReady = ready;
        }}
      />
    </GraphiQL>,
  );
}

loadConfig().then(start).catch(fail);
