// "Pay all due", for each currency in which something is due.
import { lazy, Suspense, useState } from 'react';
import { PayAllDueDocument } from '../../api/__generated__/graphql.ts';
import { useAction } from '../../api/hooks.ts';
import type { Amount } from '../../i18n/format.ts';
import { useTexts } from '../../i18n/index.tsx';
import { Button } from '../../ui/Button.tsx';
import type { Customer } from './Summary.tsx';

const PayDialog = lazy(async () => ({ default: (await import('../../parts/PayDialog.tsx')).PayDialog }));

export function PayAllDue({ customer }: { customer: Customer }) {
  const { t, format } = useTexts();
  const [chosen, setChosen] = useState<Amount | null>(null);
  // What is in payment already is still in `totalDue`.
  const inPayment = new Map(customer.summary.processing.map(({ currency, amount }) => [currency, Number(amount)]));
  const due = customer.summary.totalDue.filter(({ amount, currency }) => Number(amount) > (inPayment.get(currency) ?? 0));
  const { run, isPending, problem } = useAction(PayAllDueDocument, { press: 'PayAllDue' });
  return (
    <>
      {due.map((amount) => (
        <Button key={amount.currency} variant="primary" onPress={() => setChosen(amount)}>
          {t('payAll.button', { amount: format.money(amount) })}
        </Button>
      ))}
      {chosen && (
        <Suspense>
          <PayDialog
            title={t('payAll.title')}
            amount={format.money(chosen)}
            action={{ run: (paymentMethodId) => run({ currency: chosen.currency, paymentMethodId }), isPending, problem }}
            onClose={() => setChosen(null)}
          >
            <p>{t('payAll.detail')}</p>
          </PayDialog>
        </Suspense>
      )}
    </>
  );
}
