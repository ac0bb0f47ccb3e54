import type { BillingInterval } from '../../api/__generated__/graphql.ts';
import type { Amount } from '../../i18n/format.ts';
import { useTexts } from '../../i18n/index.tsx';

interface PriceFacts {
  unitAmount: Amount;
  interval: BillingInterval;
  intervalCount: number;
}

// A price in words, such as "€12.00 each month".
export function usePriceText(): (price: PriceFacts) => string {
  const { t, format } = useTexts();
  return ({ unitAmount, interval, intervalCount }) => t(`price.${interval}`, { amount: format.money(unitAmount), count: intervalCount });
}
