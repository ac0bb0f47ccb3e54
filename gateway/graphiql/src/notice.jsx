import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';

function messagesOf(fetchError) {
  try {
    return JSON.parse(fetchError).errors.map(({ message }) => message).join('\n');
  } catch {
    return fetchError;
  }
}

// GraphiQL says "Error fetching schema" in its documentation pane only, and never why. This says it on the page.
export function SchemaNotice() {
  const { introspect } = useGraphiQLActions();
  const fetchError = useGraphiQL((state) => state.fetchError);
  if (!fetchError) return null;
  return (
    <div className="portico-notice" role="alert">
      <div>
        <strong>The schema could not be loaded.</strong>
        <p>{messagesOf(fetchError)}</p>
        <p>If access was denied, check the token in the “Headers” editor at the bottom.</p>
      </div>
      <button type="button" onClick={() => introspect()}>
        Load schema again
      </button>
    </div>
  );
}
