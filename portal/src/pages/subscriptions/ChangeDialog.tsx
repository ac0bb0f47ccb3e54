// The dialog of every action on a subscription: choices, the preview of what follows from them, and its confirmation.
import { useState } from 'react';
import { useTexts } from '../../i18n/index.tsx';
import { BankConfirmation } from '../../parts/BankConfirmation.tsx';
import { type Charge, pendingActionOf, type PendingAction } from '../../parts/charges.ts';
import { useAnnounce } from '../../ui/Announcer.tsx';
import { Button } from '../../ui/Button.tsx';
import { Modal } from '../../ui/Modal.tsx';
import { ProblemNotice } from '../../ui/Notice.tsx';
import { ACTIONS, type ActionName, type Choices } from './actions.ts';
import { ChangeForm, type Offers } from './ChangeForm.tsx';
import { PreviewOf } from './PreviewOf.tsx';
import { type Target, useChange } from './useChange.ts';

interface ChangeDialogProps {
  action: ActionName;
  target: Target | null;
  offers: Offers;
  start?: Choices;
  onClose: () => void;
  onDone?: () => void;
  onSwitch?: (action: ActionName, choices: Choices) => void;
}

export function ChangeDialog({ action, target, offers, start, onClose, onDone = onClose, onSwitch }: ChangeDialogProps) {
  const { t } = useTexts();
  const announce = useAnnounce();
  const [choices, setChoices] = useState<Choices>({ ...ACTIONS[action].start, ...start });
  const [pending, setPending] = useState<PendingAction | null>(null);
  const { preview, problem, isPending, isLoading, confirm, retry } = useChange(action, target, choices);
  const conclude = (charge: Charge) => {
    const atBank = pendingActionOf(charge);
    setPending(atBank);
    if (atBank) return;
    announce(t(charge.payment?.status === 'PROCESSING' ? 'pay.processing' : `change.done.${action}`));
    onDone();
  };
  const press = async () => {
    const { payload, problem: refusal } = await confirm();
    if (payload && !refusal) conclude(payload);
  };
  if (pending)
    return (
      <Modal title={t('bank.title')} isOpen onClose={onClose}>
        <BankConfirmation action={pending} onDone={conclude} onClose={onClose} />
      </Modal>
    );
  return (
    <Modal title={t(`change.title.${action}`)} isOpen onClose={onClose}>
      <p className="muted">{t(`change.detail.${action}`)}</p>
      <ChangeForm action={action} choices={choices} offers={offers} onChange={(changed) => setChoices({ ...choices, ...changed })} onSwitch={onSwitch} />
      <ProblemNotice problem={problem} onRetry={retry} />
      <PreviewOf preview={preview} isLoading={isLoading} />
      <div className="buttons">
        <Button variant={action === 'CANCEL' ? 'danger' : 'primary'} isPending={isPending} isDisabled={!preview} onPress={() => void press()}>
          {t(`change.confirm.${action}`)}
        </Button>
        <Button variant="quiet" onPress={onClose}>
          {t('change.keep')}
        </Button>
      </div>
    </Modal>
  );
}
