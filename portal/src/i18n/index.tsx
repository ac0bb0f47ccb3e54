// Texts and formats of the chosen language, for every component.
import { i18n } from '@lingui/core';
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react';
import { I18nProvider } from 'react-aria-components';
import { type Formats, formatsOf } from './format.ts';
import { directionOf, formattingLocale, type Language, messagesOf, storeLanguage } from './languages.ts';
import type english from './locales/en.json';

export type MessageId = keyof typeof english;
export type Values = Record<string, string | number>;
export type Translate = (id: MessageId, values?: Values) => string;

interface Texts {
  t: Translate;
  // The text of a code that the API may extend: of `prefix.CODE`, or else the fallback.
  code: (prefix: string, code: string, fallback?: string) => string;
  format: Formats;
  language: Language;
  choose: (language: Language) => Promise<void>;
}

const TextsContext = createContext<Texts | null>(null);

export function useTexts(): Texts {
  const texts = useContext(TextsContext);
  if (!texts) throw new Error('useTexts needs a TextsProvider.');
  return texts;
}

export async function activate(language: Language): Promise<void> {
  i18n.loadAndActivate({ locale: language, messages: await messagesOf(language) });
}

export function TextsProvider({ initial, children }: { initial: Language; children: ReactNode }) {
  const [language, setLanguage] = useState(initial);
  const choose = useCallback(async (next: Language) => {
    await activate(next);
    storeLanguage(next);
    setLanguage(next);
  }, []);
  useEffect(() => {
    document.documentElement.lang = language;
    document.documentElement.dir = directionOf(language);
  }, [language]);
  const texts = useMemo(() => textsOf(language, choose), [language, choose]);
  return (
    <I18nProvider locale={formattingLocale(language)}>
      <TextsContext value={texts}>{children}</TextsContext>
    </I18nProvider>
  );
}

function textsOf(language: Language, choose: Texts['choose']): Texts {
  const t: Translate = (id, values) => i18n._(id, values);
  const code: Texts['code'] = (prefix, name, fallback = name) => {
    const id = `${prefix}.${name}`;
    return id in i18n.messages ? i18n._(id) : fallback;
  };
  return { t, code, format: formatsOf(formattingLocale(language)), language, choose };
}
