// The confirmation at the customer's bank (3-D Secure) that a charge waits for.
import { useState } from 'react';
import { ConfirmPaymentDocument } from '../api/__generated__/graphql.ts';
import { useAction } from '../api/hooks.ts';
import { useTexts } from '../i18n/index.tsx';
import { Button } from '../ui/Button.tsx';
import { Notice, ProblemNotice } from '../ui/Notice.tsx';
import type { Charge, PendingAction } from './charges.ts';

interface BankConfirmationProps {
  action: PendingAction;
  onDone: (charge: Charge) => void;
  onClose: () => void;
}

export function BankConfirmation({ action, onDone, onClose }: BankConfirmationProps) {
  const { t } = useTexts();
  const [message, setMessage] = useState<string | null>(null);
  const { run, isPending, problem } = useAction(ConfirmPaymentDocument);
  const confirm = async () => {
    const refusal = await confirmAtProcessor(action);
    setMessage(refusal);
    if (refusal) return;
    const { payload } = await run({ paymentId: action.paymentId });
    if (payload?.payment) onDone(payload);
  };
  return (
    <>
      <p>{t('bank.detail')}</p>
      {message && (
        <Notice tone="danger">
          <p>{message}</p>
        </Notice>
      )}
      <ProblemNotice problem={problem} />
      <div className="buttons">
        <Button variant="primary" isPending={isPending} onPress={() => void confirm()}>
          {t('bank.confirm')}
        </Button>
        <Button onPress={onClose}>{t('bank.later')}</Button>
      </div>
    </>
  );
}

// Stripe shows its own window. The sandbox has no bank, so there is nothing to wait for. Return why it failed, or null.
async function confirmAtProcessor({ publishableKey, clientSecret }: PendingAction): Promise<string | null> {
  if (!publishableKey.startsWith('pk_')) return null;
  const { loadStripe } = await import('@stripe/stripe-js/pure');
  const stripe = await loadStripe(publishableKey);
  const result = await stripe?.handleNextAction({ clientSecret });
  return result?.error?.message ?? null;
}
