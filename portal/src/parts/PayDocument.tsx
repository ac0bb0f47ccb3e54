// The payment of one invoice or installment: the customer's credit pays first, and the dialog says what is charged.
import type { Amount } from '../i18n/format.ts';
import { useTexts } from '../i18n/index.tsx';
import { PayDialog, type PayDialogProps } from './PayDialog.tsx';

// What remains, and what is charged of it.
export interface Debt {
  remaining: Amount;
  payable: Amount;
}

interface PayDocumentProps extends Omit<PayDialogProps, 'amount' | 'children'> {
  debt: Debt;
}

export function PayDocument({ debt: { remaining, payable }, ...dialog }: PayDocumentProps) {
  const { t, format } = useTexts();
  const isByCredit = format.signOf(payable) === 0;
  const amount = format.money(payable);
  return (
    <PayDialog {...dialog} amount={isByCredit ? null : amount}>
      {isByCredit && <p>{t('pay.creditDetail')}</p>}
      {!isByCredit && payable.amount !== remaining.amount && <p>{t('pay.creditPart', { remaining: format.money(remaining), amount })}</p>}
    </PayDialog>
  );
}
