// One live region for the results of actions. It is in the page from the start, as screen readers need it.
import { createContext, type ReactNode, useCallback, useContext, useEffect, useState } from 'react';

const VISIBLE_MILLISECONDS = 6000;

const AnnounceContext = createContext<(text: string) => void>(() => undefined);

export function useAnnounce(): (text: string) => void {
  return useContext(AnnounceContext);
}

export function Announcer({ children }: { children: ReactNode }) {
  const [text, setText] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setText(''), VISIBLE_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [text]);
  const announce = useCallback((next: string) => setText(next), []);
  return (
    <AnnounceContext value={announce}>
      {children}
      <div className="toasts" role="status" aria-live="polite">
        {text && <p className="toast">{text}</p>}
      </div>
    </AnnounceContext>
  );
}
