// The customer's payment methods, with what may be done with each.
import { lazy, Suspense, useState } from 'react';
import { type PaymentsQuery, SetDefaultPaymentMethodDocument } from '../api/__generated__/graphql.ts';
import type { Complete } from '../api/complete.ts';
import { useAction } from '../api/hooks.ts';
import { useTexts } from '../i18n/index.tsx';
import { useAnnounce } from '../ui/Announcer.tsx';
import { Empty } from '../ui/Section.tsx';
import { ProblemNotice } from '../ui/Notice.tsx';
import { Pill } from '../ui/Pill.tsx';
import { ActionButton } from './ActionButton.tsx';
import { type ActionState, useActionState } from './actions.ts';
import { useMethodName } from './methods.ts';

const DeleteMethod = lazy(async () => ({ default: (await import('./DeleteMethod.tsx')).DeleteMethod }));

export type Method = NonNullable<Complete<PaymentsQuery>['customer']>['paymentMethods']['nodes'][number];

export function MethodList({ methods }: { methods: readonly Method[] }) {
  const { t } = useTexts();
  const [deletedId, setDeletedId] = useState<string | null>(null);
  const deleted = methods.find(({ id }) => id === deletedId);
  if (methods.length === 0) return <Empty>{t('methods.none')}</Empty>;
  return (
    <>
      <ul className="rows">
        {methods.map((method) => (
          <MethodRow key={method.id} method={method} onDelete={() => setDeletedId(method.id)} />
        ))}
      </ul>
      <Suspense>{deleted && <DeleteMethod method={deleted} others={methods.filter(({ id }) => id !== deleted.id)} onClose={() => setDeletedId(null)} />}</Suspense>
    </>
  );
}

function MethodRow({ method, onDelete }: { method: Method; onDelete: () => void }) {
  const { t, format } = useTexts();
  const announce = useAnnounce();
  const stateOf = useActionState();
  const name = useMethodName()(method);
  const { run, isPending, problem } = useAction(SetDefaultPaymentMethodDocument);
  const makeDefault = async () => {
    const { payload } = await run({ paymentMethodId: method.id, expectedVersion: method.version });
    if (payload?.paymentMethod) announce(t('methods.isDefaultNow', { name }));
  };
  return (
    <li>
      <div className="row-text">
        <p className="row-title">
          <span>{name}</span>
          {method.isDefault && <Pill tone="good">{t('methods.default')}</Pill>}
          {method.isExpired && <Pill tone="danger">{t('methods.expired')}</Pill>}
        </p>
        {method.expiresOn && <p className="small muted">{t('methods.expiresOn', { date: format.day(method.expiresOn) })}</p>}
        <ProblemNotice problem={problem} />
      </div>
      <div className="row-end">
        {!method.isDefault && (
          <ActionButton state={stateOf(method.availableActions, 'SET_DEFAULT')} variant="quiet" label={t('methods.makeDefaultOf', { name })} isPending={isPending} onPress={() => void makeDefault()}>
            {t('methods.makeDefault')}
          </ActionButton>
        )}
        <ActionButton state={deletable(stateOf(method.availableActions, 'DELETE', 'DELETE_METHOD'))} variant="quiet" label={t('methods.deleteOf', { name })} onPress={onDelete}>
          {t('delete')}
        </ActionButton>
      </div>
    </li>
  );
}

// A method in use can be deleted with a replacement, which the dialog asks for.
function deletable(state: ActionState | null): ActionState | null {
  return state && state.reason === 'METHOD_IN_USE' ? { ...state, allowed: true } : state;
}
