// A new payment method: by the processor's own form, or in the sandbox by a choice of test cards.
import { lazy, Suspense, useState } from 'react';
import { CompleteAddPaymentMethodDocument, StartAddPaymentMethodDocument } from '../api/__generated__/graphql.ts';
import { useAction } from '../api/hooks.ts';
import { usePortal } from '../app/context.ts';
import { type MessageId, useTexts } from '../i18n/index.tsx';
import { useAnnounce } from '../ui/Announcer.tsx';
import { Button } from '../ui/Button.tsx';
import { Choices } from '../ui/Choices.tsx';
import { ProblemNotice } from '../ui/Notice.tsx';
import { useMethodName } from './methods.ts';

const StripeForm = lazy(() => import('./StripeForm.tsx'));

// The sandbox's cards that show what a customer may meet; see docs/payments.md.
const CARDS = ['visa', 'mastercard', 'sepa', 'requires_action', 'insufficient_funds', 'slow'] as const;

interface AddMethodProps {
  onAdded: (id: string) => void;
  onCancel: () => void;
}

export function AddMethod({ onAdded, onCancel }: AddMethodProps) {
  const { t } = useTexts();
  const announce = useAnnounce();
  const nameOf = useMethodName();
  const { processor } = usePortal();
  const start = useAction(StartAddPaymentMethodDocument, { press: 'StartAddPaymentMethod' });
  const complete = useAction(CompleteAddPaymentMethodDocument);
  const finish = async (reference: string) => {
    const { payload } = await complete.run({ reference });
    if (!payload?.paymentMethod) return;
    announce(t('methods.added', { name: nameOf(payload.paymentMethod) }));
    onAdded(payload.paymentMethod.id);
  };
  const begin = async () => (await start.run({})).payload?.setup ?? null;
  const isPending = start.isPending || complete.isPending;
  return (
    <div className="form">
      <ProblemNotice problem={start.problem ?? complete.problem} />
      {processor === 'stripe' ? (
        <Suspense>
          <StripeForm begin={begin} onConfirmed={finish} />
        </Suspense>
      ) : (
        <SandboxForm
          isPending={isPending}
          onChosen={async (card) => {
            const setup = await begin();
            if (setup) await finish(`${setup.reference}.${card}`);
          }}
        />
      )}
      <div>
        <Button variant="quiet" onPress={onCancel}>
          {t('cancel')}
        </Button>
      </div>
    </div>
  );
}

interface SandboxFormProps {
  isPending: boolean;
  onChosen: (card: string) => Promise<void>;
}

function SandboxForm({ isPending, onChosen }: SandboxFormProps) {
  const { t } = useTexts();
  const [card, setCard] = useState<string>(CARDS[0]);
  const options = CARDS.map((name) => ({ value: name, label: t(`sandbox.${name}` as MessageId) }));
  return (
    <>
      <p className="small muted">{t('sandbox.detail')}</p>
      <Choices legend={t('sandbox.card')} name="card" value={card} options={options} onChange={setCard} />
      <div>
        <Button variant="primary" isPending={isPending} onPress={() => void onChosen(card)}>
          {t('methods.add')}
        </Button>
      </div>
    </>
  );
}
