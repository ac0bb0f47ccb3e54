// Paying: a saved method or a new one, the confirmation at the bank, and what came of it.
import { type ReactNode, useState } from 'react';
import { PaymentMethodsDocument, type PaymentMethodsQuery } from '../api/__generated__/graphql.ts';
import type { Complete } from '../api/complete.ts';
import { type Outcome, usePageQuery } from '../api/hooks.ts';
import type { Problem } from '../api/problems.ts';
import { useTexts } from '../i18n/index.tsx';
import { useAnnounce } from '../ui/Announcer.tsx';
import { Button } from '../ui/Button.tsx';
import { Choices } from '../ui/Choices.tsx';
import { Modal } from '../ui/Modal.tsx';
import { Notice, ProblemNotice } from '../ui/Notice.tsx';
import { AddMethod } from './AddMethod.tsx';
import { BankConfirmation } from './BankConfirmation.tsx';
import { type Charge, pendingActionOf, type PendingAction } from './charges.ts';
import { useMethodName } from './methods.ts';

type PayingMethod = NonNullable<Complete<PaymentMethodsQuery>['customer']>['paymentMethods']['nodes'][number];

export interface PayDialogProps {
  title: string;
  // What is charged; null where the customer's credit pays all.
  amount: string | null;
  action: { run: (paymentMethodId: string | null) => Promise<Outcome<Charge>>; isPending: boolean; problem: Problem | null };
  onClose: () => void;
  children?: ReactNode;
}

export function PayDialog({ title, amount, action, onClose, children }: PayDialogProps) {
  const { t } = useTexts();
  const announce = useAnnounce();
  const [isAdding, setAdding] = useState(false);
  const [pending, setPending] = useState<PendingAction | null>(null);
  const [decline, setDecline] = useState<string | null>(null);
  const methods = usePageQuery(PaymentMethodsDocument, {});
  const usable = methods.data?.customer?.paymentMethods.nodes.filter(({ isExpired }) => !isExpired);
  const [chosenId, setChosenId] = useState<string | null>(null);
  const methodId = chosenId ?? usable?.[0]?.id ?? null;
  const conclude = useConclusion(onClose, setPending, setDecline);
  const pay = async () => {
    const { payload, problem } = await action.run(amount === null ? null : methodId);
    if (payload && !problem && !payload.payment) {
      announce(t('pay.byCredit'));
      onClose();
    } else if (payload) conclude(payload);
  };
  if (pending)
    return (
      <Modal title={t('bank.title')} isOpen onClose={onClose}>
        <BankConfirmation action={pending} onDone={conclude} onClose={onClose} />
      </Modal>
    );
  if (isAdding)
    return (
      <Modal title={t('methods.addTitle')} isOpen onClose={onClose}>
        <AddMethod
          onAdded={(id) => {
            setChosenId(id);
            setAdding(false);
          }}
          onCancel={() => setAdding(false)}
        />
      </Modal>
    );
  return (
    <Modal title={title} isOpen onClose={onClose}>
      {children}
      {amount !== null && <ProblemNotice problem={methods.problem} onRetry={methods.reload} />}
      {amount !== null && (usable ? <MethodChoice methods={usable} value={methodId} onChange={setChosenId} /> : <p role="status">{t('loading')}</p>)}
      {decline ? (
        <Notice tone="danger">
          <p>{decline}</p>
        </Notice>
      ) : (
        <ProblemNotice problem={action.problem} />
      )}
      <div className="buttons">
        <Button variant="primary" isPending={action.isPending} isDisabled={amount !== null && !methodId} onPress={() => void pay()}>
          {amount === null ? t('pay.withCredit') : t('pay.amount', { amount })}
        </Button>
        {amount !== null && <Button onPress={() => setAdding(true)}>{t('pay.newMethod')}</Button>}
        <Button variant="quiet" onPress={onClose}>
          {t('cancel')}
        </Button>
      </div>
    </Modal>
  );
}

// What follows from the state of the charge.
function useConclusion(onClose: () => void, setPending: (action: PendingAction | null) => void, setDecline: (text: string | null) => void): (charge: Charge) => void {
  const { t, code } = useTexts();
  const announce = useAnnounce();
  return (charge) => {
    const status = charge.payment?.status;
    const action = pendingActionOf(charge);
    setPending(action);
    setDecline(status === 'FAILED' ? code('decline', charge.payment?.declineCode ?? '', t('error.PAYMENT_DECLINED')) : null);
    if (status === 'FAILED' || action || !status) return;
    announce(t(status === 'SUCCEEDED' ? 'pay.done' : 'pay.processing'));
    onClose();
  };
}

interface MethodChoiceProps {
  methods: readonly PayingMethod[];
  value: string | null;
  onChange: (id: string) => void;
}

function MethodChoice({ methods, value, onChange }: MethodChoiceProps) {
  const { t } = useTexts();
  const nameOf = useMethodName();
  if (methods.length === 0) return <p className="empty">{t('pay.noMethod')}</p>;
  const options = methods.map((method) => ({ value: method.id, label: nameOf(method), detail: method.isDefault ? t('methods.default') : undefined }));
  return <Choices legend={t('pay.method')} name="method" value={value} options={options} onChange={onChange} />;
}
