import { lazy, Suspense, useState } from 'react';
import { Link } from 'wouter';
import { PayInstallmentDocument } from '../../api/__generated__/graphql.ts';
import { useAction } from '../../api/hooks.ts';
import { useTexts } from '../../i18n/index.tsx';
import { ActionButton } from '../../parts/ActionButton.tsx';
import { useActionState } from '../../parts/actions.ts';
import { Money } from '../../parts/Amounts.tsx';
import { StatusPill } from '../../ui/Pill.tsx';
import type { ScheduleNode } from './Schedule.tsx';

const PayDocument = lazy(async () => ({ default: (await import('../../parts/PayDocument.tsx')).PayDocument }));

type Installment = ScheduleNode['installments']['nodes'][number];

// What is no longer to be paid has no button, whatever its reason.
const SETTLED = new Set(['PAID', 'CANCELED', 'REFUNDED']);

interface InstallmentsProps {
  installments: readonly Installment[];
}

export function Installments({ installments }: InstallmentsProps) {
  const { t } = useTexts();
  // As it was when its dialog was opened: after a lost answer it may be paid already.
  const [chosen, setChosen] = useState<Installment | null>(null);
  const open = installments.find(({ id, payable }) => id === chosen?.id && payable) ?? chosen;
  const { run, isPending, problem } = useAction(PayInstallmentDocument, { press: 'PayInstallment' });
  const pay = async (paymentMethodId: string | null) => {
    if (!chosen) return { payload: null, problem: null };
    return run({ installmentId: chosen.id, paymentMethodId });
  };
  return (
    <>
      <ol className="rows">
        {installments.map((installment) => (
          <InstallmentRow key={installment.id} installment={installment} onPay={() => setChosen(installment)} />
        ))}
      </ol>
      <Suspense>
        {open && (
          <PayDocument
            title={t('schedules.payTitle', { name: open.name })}
            debt={{ remaining: open.remaining, payable: open.payable ?? open.remaining }}
            action={{ run: pay, isPending, problem }}
            onClose={() => setChosen(null)}
          />
        )}
      </Suspense>
    </>
  );
}

function InstallmentRow({ installment, onPay }: { installment: Installment; onPay: () => void }) {
  const { t, format } = useTexts();
  const stateOf = useActionState();
  const { invoice } = installment;
  return (
    <li>
      <div className="row-text">
        <p className="row-title">
          <span dir="auto">{installment.name}</span>
          <StatusPill status={installment.isOverdue ? 'OVERDUE' : installment.status} />
        </p>
        <p className="small muted">
          {t('due.on', { date: format.day(installment.dueOn) })}
          {invoice && (
            <>
              {' · '}
              <Link href={`/invoices/${invoice.id}`}>{t('invoice.name', { number: invoice.number })}</Link>
            </>
          )}
        </p>
      </div>
      <div className="row-end">
        <Money amount={installment.amount} />
        {!SETTLED.has(installment.status) && (
          <ActionButton state={stateOf(installment.availableActions, 'PAY')} label={t('schedules.payOf', { name: installment.name })} onPress={onPay}>
            {t('pay.button')}
          </ActionButton>
        )}
      </div>
    </li>
  );
}
