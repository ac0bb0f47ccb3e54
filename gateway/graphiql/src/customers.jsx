import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { createPortal } from 'react-dom';
import { useState } from 'react';

import { retarget } from './tabs.js';

// "You are …": which customer requests are sent as. It is shown in the bar over GraphiQL, and lives inside GraphiQL,
// whose tabs it changes.
export function CustomerSwitch({ session, bar }) {
  const [current, setCurrent] = useState(session.customer);
  const { moveTab, stop } = useGraphiQLActions();
  const { tabs, activeTabIndex, queryEditor, variableEditor, headerEditor, responseEditor } = useGraphiQL((state) => state);

  function change(id) {
    const next = session.customers.find((customer) => customer.id === id);
    stop();
    const active = tabs[activeTabIndex];
    // What the editors hold may not have reached the tab yet.
    Object.assign(active, {
      query: queryEditor.getValue(),
      variables: variableEditor.getValue(),
      headers: headerEditor?.getValue() ?? active.headers,
      response: responseEditor.getValue(),
    });
    const changed = retarget(tabs, session.customer.tabs, next.tabs);
    session.choose(next);
    setCurrent(next);
    // GraphiQL finds the active tab in a new order by identity, so its object becomes the tab that is active next.
    const index = Math.max(changed.findIndex((tab) => tab.id === active.id), 0);
    changed[index] = Object.assign(active, changed[index]);
    moveTab(changed);
  }

  return createPortal(
    <>
      <label htmlFor="portico-customer">You are</label>
      <select id="portico-customer" value={current.id} onChange={(event) => change(event.target.value)}>
        {session.customers.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
      <p className="portico-about">{current.about}</p>
    </>,
    bar,
  );
}
