import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/parts.css';
import { startTransition } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/App.tsx';
import { PortalContext } from './app/context.ts';
import { loadPortal } from './brand/portal.ts';
import { applyTheme } from './brand/theme.ts';
import { activate, TextsProvider } from './i18n/index.tsx';
import { preferredLanguage } from './i18n/languages.ts';

async function start(root: HTMLElement): Promise<void> {
  const portal = await loadPortal();
  const language = preferredLanguage(portal.languages);
  await activate(language);
  applyTheme(document.documentElement, portal.accent, portal.radius);
  // A transition is rendered in parts of some milliseconds, between which the browser paints and takes input.
  startTransition(() =>
    createRoot(root).render(
      <PortalContext value={portal}>
        <TextsProvider initial={language}>
          <App />
        </TextsProvider>
      </PortalContext>,
    ),
  );
}

const root = document.getElementById('root');
if (root) void start(root);
