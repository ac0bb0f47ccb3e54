// Amounts, days and instants in the reader's locale.
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
    money: ({ amount, currency }) => new Intl.NumberFormat(locale, { style: 'currency', currency }).format(amount as Intl.StringNumericLiteral),
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

function bytes(locale: string, size: number): string {
  const power = Math.min(Math.floor(Math.log(Math.max(size, 1)) / Math.log(1024)), UNITS.length - 1);
  const options = { style: 'unit', unit: UNITS[power], maximumFractionDigits: 1 } as const;
  return new Intl.NumberFormat(locale, options).format(size / 1024 ** power);
}
