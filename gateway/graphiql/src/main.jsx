import 'graphiql/setup-workers/vite';
import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import 'graphiql/graphiql.css';
import './portico.css';

import { GraphiQL } from 'graphiql';
import { useState } from 'react';
import { createRoot } from 'react-dom/client';

import { loadConfig } from './config.js';
import { CustomerSwitch } from './customers.jsx';
import { createFetcher } from './fetcher.js';
import { Keys } from './keys.jsx';
import { SchemaNotice } from './notice.jsx';
import { openSession } from './session.js';
import { openStorage } from './storage.js';

function fail(error) {
  const text = document.createElement('p');
  text.className = 'portico-start';
  text.role = 'alert';
  text.textContent = `GraphiQL could not start: ${error.message}`;
  document.body.replaceChildren(text);
}

function Page({ config, storage, session, remembered }) {
  const [bar, setBar] = useState(null);
  const tabs = session.tabs.map((tab) => ({ ...tab, headers: config.headersText }));
  const initial =
    tabs.length && !remembered ? { initialQuery: tabs[0].query, initialVariables: tabs[0].variables } : {};
  return (
    <>
      <header className="portico-bar">
        <h1>Portico</h1>
        <div className="portico-who" ref={setBar} />
      </header>
      <main>
        <GraphiQL
          fetcher={session.fetcher}
          storage={storage}
          {...initial}
          initialHeaders={config.headersText}
          defaultHeaders={config.headersText}
          defaultTabs={tabs.length ? tabs : undefined}
          // Without a customer the token is still to be typed in.
          defaultEditorToolsVisibility={session.customer ? 'variables' : 'headers'}
          isHeadersEditorEnabled
          shouldPersistHeaders={false}
          inputValueDeprecation
          schemaDescription
        >
          <GraphiQL.Logo>{null}</GraphiQL.Logo>
          <SchemaNotice />
          <Keys />
          {bar && session.customer && <CustomerSwitch session={session} bar={bar} />}
        </GraphiQL>
      </main>
    </>
  );
}

function start(config) {
  const storage = openStorage(config);
  const session = openSession(config, storage);
  session.fetcher = createFetcher(config.endpoint, session);
  const remembered = storage.restoreTabs(session.tabs);
  createRoot(document.getElementById('root'), { onUncaughtError: fail }).render(
    <Page {...{ config, storage, session, remembered }} />,
  );
}

loadConfig().then(start).catch(fail);
