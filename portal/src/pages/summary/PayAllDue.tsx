// "Pay all due", for each currency in which something can be paid now: the amount is the one that is charged, 0 where credit pays all.
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
  const { payable } = customer.summary;
  // The amount may change under the open dialog. Once it is in payment it is not payable, and the bank may still ask.
  const open = payable.find(({ currency }) => currency === chosen?.currency) ?? chosen;
  const isByCredit = open !== null && format.signOf(open) === 0;
  const { run, isPending, problem } = useAction(PayAllDueDocument, { press: 'PayAllDue' });
  return (
    <>
      {payable.map((amount) => (
        <Button key={amount.currency} variant="primary" onPress={() => setChosen(amount)}>
          {format.signOf(amount) === 0 ? t('payAll.byCredit', { currency: amount.currency }) : t('payAll.button', { amount: format.money(amount) })}
        </Button>
      ))}
      {open && (
        <Suspense>
          <PayDialog
            title={t('payAll.title')}
            amount={isByCredit ? null : format.money(open)}
            action={{ run: (paymentMethodId) => run({ currency: open.currency, paymentMethodId }), isPending, problem }}
            onClose={() => setChosen(null)}
          >
            <p>{t(isByCredit ? 'payAll.creditDetail' : 'payAll.detail')}</p>
          </PayDialog>
        </Suspense>
      )}
    </>
  );
}
