// Amounts, days and instants in the reader's locale.
import { directionOf } from './languages.ts';

export interface Amount {
  amount: string;
  currency: string;
}

export interface Formats {
  money: (amount: Amount) => string;
  day: (date: string) => string;
  instant: (dateTime: string) => string;
  dayOf: (dateTime: string) => string;
  number: (value: number) => string;
  bytes: (size: number) => string;
  percent: (value: string) => string;
  // `amount` is below zero, zero, or above zero.
  signOf: (amount: Amount) => number;
}

const UNITS = ['byte', 'kilobyte', 'megabyte'] as const;

export function formatsOf(locale: string): Formats {
  const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' });
  const dayOf = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' });
  const instant = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
  return {
    money: ({ amount, currency }) => moneyOf(new Intl.NumberFormat(locale, { style: 'currency', currency }), amount as Intl.StringNumericLiteral),
    // A calendar day has no time zone.
    day: (date) => day.format(new Date(`${date}T00:00:00Z`)),
    instant: (dateTime) => instant.format(new Date(dateTime)),
    dayOf: (dateTime) => dayOf.format(new Date(dateTime)),
    number: (value) => new Intl.NumberFormat(locale).format(value),
    bytes: (size) => bytes(locale, size),
    percent: (value) => new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 2 }).format(Number(value)),
    signOf: ({ amount }) => Math.sign(Number(amount)),
  };
}

// In text from right to left a symbol such as `US$` would be read as `$US`, so it is isolated.
function moneyOf(format: Intl.NumberFormat, amount: Intl.StringNumericLiteral): string {
  if (directionOf(format.resolvedOptions().locale) === 'ltr') return format.format(amount);
  const parts = format.formatToParts(amount);
  return parts.map(({ type, value }) => (type === 'currency' && /[A-Z]/.test(value) ? `\u2066${value}\u2069` : value)).join('');
}

function bytes(locale: string, size: number): string {
  const power = Math.min(Math.floor(Math.log(Math.max(size, 1)) / Math.log(1024)), UNITS.length - 1);
  const options = { style: 'unit', unit: UNITS[power], maximumFractionDigits: 1 } as const;
  return new Intl.NumberFormat(locale, options).format(size / 1024 ** power);
}
