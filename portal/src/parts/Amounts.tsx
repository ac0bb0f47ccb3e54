import { type Amount } from '../i18n/format.ts';
import { useTexts } from '../i18n/index.tsx';

export function Money({ amount }: { amount: Amount }) {
  const { format } = useTexts();
  return <span className="number">{format.money(amount)}</span>;
}

// One amount for each currency in which there is something, or else the first; a dash where the account has known no currency.
export function Amounts({ amounts }: { amounts: readonly Amount[] }) {
  const { format } = useTexts();
  if (amounts.length === 0) return <span className="figure-value">–</span>;
  const nonzero = amounts.filter((amount) => format.signOf(amount) !== 0);
  return (nonzero.length > 0 ? nonzero : amounts.slice(0, 1)).map((amount) => (
    <span key={amount.currency} className="figure-value number">
      <Money amount={amount} />
    </span>
  ));
}
