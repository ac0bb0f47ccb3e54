// The languages of the portal, and which of them this reader gets: by link, by profile, by browser.
import type { Messages } from '@lingui/core';

export const LANGUAGES = { en: 'English', de: 'Deutsch', fr: 'Français', es: 'Español', ar: 'العربية' } as const;
export type Language = keyof typeof LANGUAGES;

const CHOSEN = 'portico:language';
const PARAMETER = 'lang';

const catalogs: Record<Language, () => Promise<{ messages: Messages }>> = {
  en: () => import('catalog:en'),
  de: () => import('catalog:de'),
  fr: () => import('catalog:fr'),
  es: () => import('catalog:es'),
  ar: () => import('catalog:ar'),
};

export async function messagesOf(language: Language): Promise<Messages> {
  return (await catalogs[language]()).messages;
}

// The language of a locale such as `de-CH`, if the merchant offers it.
export function languageOf(locale: string | null, offered: readonly Language[]): Language | null {
  const language = locale?.split(/[-_]/)[0]?.toLowerCase() as Language | undefined;
  return language && offered.includes(language) ? language : null;
}

// The language that an address names, as in `/payments?lang=de`.
export function linkedLanguage(search: string, offered: readonly Language[]): Language | null {
  return languageOf(new URLSearchParams(search).get(PARAMETER), offered);
}

// A language in the address is stored, so that it holds for the pages that follow.
export function preferredLanguage(offered: readonly Language[]): Language {
  const linked = linkedLanguage(location.search, offered);
  if (linked) storeLanguage(linked);
  const candidates = [linked, languageOf(localStorage.getItem(CHOSEN), offered), ...navigator.languages.map((locale) => languageOf(locale, offered))];
  return candidates.find((candidate) => candidate !== null) ?? offered[0] ?? 'en';
}

export function storeLanguage(language: Language): void {
  localStorage.setItem(CHOSEN, language);
}

export function hasStoredLanguage(): boolean {
  return localStorage.getItem(CHOSEN) !== null;
}

// The reader's own locale of that language, which knows how a Briton writes a day; else the language.
export function formattingLocale(language: Language): string {
  return navigator.languages.find((locale) => locale.split('-')[0]?.toLowerCase() === language) ?? language;
}

export function directionOf(locale: string): 'ltr' | 'rtl' {
  return locale.split('-')[0] === 'ar' ? 'rtl' : 'ltr';
}
