// The merchant's sign at the top, and the foot of every page.
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { type Language, LANGUAGES } from '../i18n/languages.ts';
import { useTexts } from '../i18n/index.tsx';
import { usePortal } from './context.ts';

export function Brand() {
  const { name, logoUrl } = usePortal();
  return (
    <Link href="/" className="brand">
      {logoUrl ? <img className="brand-logo" src={logoUrl} alt="" /> : <Sign />}
      <span>{name}</span>
    </Link>
  );
}

function Sign() {
  return (
    <span className="brand-sign" aria-hidden="true">
      <svg viewBox="0 0 32 32" width="22" height="22" fill="currentColor">
        <path d="M7 11 16 6l9 5v2H7zM9 15h3v8H9zm5.5 0h3v8h-3zM20 15h3v8h-3zM7 24.5h18V27H7z" />
      </svg>
    </span>
  );
}

// The frame of pages before the sign-in.
export function EntryFrame({ children }: { children: ReactNode }) {
  return (
    <div className="entry">
      <main className="entry-main">
        <Brand />
        {children}
      </main>
      <Footer />
    </div>
  );
}

export function Footer() {
  const { links } = usePortal();
  return (
    <footer className="foot">
      <div className="foot-inner">
        {links.map(({ label, url }) => (
          <a key={url} href={url} rel="noreferrer">
            {label}
          </a>
        ))}
        <LanguageChoice />
      </div>
    </footer>
  );
}

function LanguageChoice() {
  const { t, language, choose } = useTexts();
  const { languages } = usePortal();
  return (
    <label className="foot-language select">
      <span>{t('foot.language')}</span>
      <select value={language} onChange={(event) => void choose(event.target.value as Language)}>
        {languages.map((code) => (
          <option key={code} value={code} lang={code}>
            {LANGUAGES[code]}
          </option>
        ))}
      </select>
    </label>
  );
}
