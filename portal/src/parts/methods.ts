import type { Translate } from '../i18n/index.tsx';
import { useTexts } from '../i18n/index.tsx';

interface MethodFacts {
  kind: string;
  brand?: string | null;
  last4?: string | null;
}

const BRANDS: Record<string, string> = { visa: 'Visa', mastercard: 'Mastercard', maestro: 'Maestro', amex: 'American Express', discover: 'Discover', jcb: 'JCB', unionpay: 'UnionPay' };

// A method in words, such as "Visa ending in 4242".
export function useMethodName(): (method: MethodFacts) => string {
  const { t, code } = useTexts();
  return (method) => nameOf(method, t, code('method', method.kind));
}

function nameOf({ brand, last4 }: MethodFacts, t: Translate, kind: string): string {
  const name = brand ? (BRANDS[brand] ?? brand) : kind;
  return last4 ? t('method.name', { name, last4 }) : name;
}
