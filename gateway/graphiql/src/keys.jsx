import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { useEffect } from 'react';

const WRAPPED = { wordWrap: 'on', wrappingIndent: 'indent' };

// The editor has the focus after load, so that Ctrl-Enter runs at once, and it does so wherever the focus is.
// Long lines are wrapped.
export function Keys() {
  const { run } = useGraphiQLActions();
  const { queryEditor, variableEditor, headerEditor, responseEditor } = useGraphiQL((state) => state);
  useEffect(() => queryEditor?.focus(), [queryEditor]);
  useEffect(() => {
    for (const editor of [queryEditor, variableEditor, headerEditor, responseEditor]) editor?.updateOptions(WRAPPED);
  }, [queryEditor, variableEditor, headerEditor, responseEditor]);
  useEffect(() => {
    function onKeyDown(event) {
      const isHandled = event.defaultPrevented || event.target.closest('.monaco-editor, [role="dialog"]');
      if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || isHandled) return;
      event.preventDefault();
      run();
    }
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [run]);
  return null;
}
