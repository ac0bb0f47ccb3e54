import { useState } from 'react';
import { DeletePaymentMethodDocument } from '../api/__generated__/graphql.ts';
import { useAction } from '../api/hooks.ts';
import { useTexts } from '../i18n/index.tsx';
import { useAnnounce } from '../ui/Announcer.tsx';
import { Button } from '../ui/Button.tsx';
import { SelectField } from '../ui/Field.tsx';
import { Modal } from '../ui/Modal.tsx';
import { ProblemNotice } from '../ui/Notice.tsx';
import type { Method } from './MethodList.tsx';
import { useMethodName } from './methods.ts';

interface DeleteMethodProps {
  method: Method;
  others: readonly Method[];
  onClose: () => void;
}

export function DeleteMethod({ method, others, onClose }: DeleteMethodProps) {
  const { t } = useTexts();
  const announce = useAnnounce();
  const nameOf = useMethodName();
  const usable = others.filter(({ isExpired }) => !isExpired);
  const [replacementId, setReplacementId] = useState(method.isInUse ? (usable[0]?.id ?? '') : '');
  const { run, isPending, problem } = useAction(DeletePaymentMethodDocument);
  const name = nameOf(method);
  const remove = async () => {
    const { payload } = await run({ paymentMethodId: method.id, replacementId: replacementId || null, expectedVersion: method.version });
    if (!payload?.deletedPaymentMethodId) return;
    announce(t('methods.deleted', { name }));
    onClose();
  };
  const options = [{ value: '', label: t('methods.noReplacement') }, ...usable.map((other) => ({ value: other.id, label: nameOf(other) }))];
  return (
    <Modal title={t('methods.deleteTitle', { name })} isOpen onClose={onClose}>
      <p>{method.isInUse ? t('methods.deleteInUse') : t('methods.deleteDetail')}</p>
      {(method.isInUse || method.isDefault) && usable.length > 0 && (
        <SelectField label={t('methods.replacement')} value={replacementId} options={options} onChange={setReplacementId} />
      )}
      <ProblemNotice problem={problem} />
      <div className="buttons">
        <Button variant="danger" isPending={isPending} onPress={() => void remove()}>
          {t('methods.deleteConfirm')}
        </Button>
        <Button onPress={onClose}>{t('cancel')}</Button>
      </div>
    </Modal>
  );
}
