import { lazy, Suspense, useState } from 'react';
import { useLocation } from 'wouter';
import { SubscriptionDocument, type SubscriptionQuery } from '../../api/__generated__/graphql.ts';
import type { Complete } from '../../api/complete.ts';
import { usePageQuery } from '../../api/hooks.ts';
import { type NodeWith, nodeWith } from '../../api/nodes.ts';
import { useTexts } from '../../i18n/index.tsx';
import { ActionButton } from '../../parts/ActionButton.tsx';
import { useActionState, useIsOffered } from '../../parts/actions.ts';
import { Loaded, Page } from '../../ui/Page.tsx';
import { StatusPill } from '../../ui/Pill.tsx';
import { Section } from '../../ui/Section.tsx';
import NotFound from '../NotFound.tsx';
import type { ActionName, Choices } from './actions.ts';
import { useReturnUrl } from './returnUrl.ts';
import { Details, History, Invoices } from './details.tsx';

const ChangeDialog = lazy(async () => ({ default: (await import('./ChangeDialog.tsx')).ChangeDialog }));

export type SubscriptionNode = NodeWith<Complete<SubscriptionQuery>['node'], 'cancellationOptions'>;

// In the order in which they are shown.
const SHOWN = ['CHANGE_PLAN', 'UPDATE_QUANTITY', 'APPLY_COUPON', 'REMOVE_COUPON', 'RESUME', 'WITHDRAW_PENDING_CHANGE', 'PAUSE', 'SUSPEND', 'CANCEL'] as const;

interface Open {
  action: ActionName;
  choices: Choices;
}

interface SubscriptionProps {
  id: string;
  // An action in the address, such as `cancel`, which opens at once.
  action?: string;
}

export default function Subscription({ id, action }: SubscriptionProps) {
  const { t } = useTexts();
  const query = usePageQuery(SubscriptionDocument, { id });
  return (
    <Loaded title={t('subscription.title')} query={query}>
      {({ node, plans }) => {
        const subscription = nodeWith(node, 'cancellationOptions');
        return subscription ? <SubscriptionOf subscription={subscription} plans={plans} action={action} /> : <NotFound />;
      }}
    </Loaded>
  );
}

interface SubscriptionOfProps {
  subscription: SubscriptionNode;
  plans: Complete<SubscriptionQuery>['plans'];
  action?: string;
}

function SubscriptionOf({ subscription, plans, action }: SubscriptionOfProps) {
  const { t } = useTexts();
  const [, navigate] = useLocation();
  const isOffered = useIsOffered();
  const linked = SHOWN.find((name) => name === action?.replaceAll('-', '_').toUpperCase() && isOffered(name));
  const [open, setOpen] = useState<Open | null>(linked ? { action: linked, choices: {} } : null);
  const returnUrl = useReturnUrl();
  const close = () => {
    setOpen(null);
    if (action) navigate(`/subscriptions/${subscription.id}`, { replace: true });
  };
  const finish = () => (returnUrl ? location.assign(returnUrl) : close());
  const offers = { plans: plans?.nodes ?? [], currency: subscription.renewalAmount.currency, currentPriceId: subscription.price.id, retention: subscription.cancellationOptions };
  return (
    <Page title={subscription.plan.name} detail={subscription.plan.description} back={{ to: '/subscriptions', label: t('nav.subscriptions') }} actions={<StatusPill status={subscription.hasOverdue ? 'OVERDUE' : subscription.status} />}>
      <div className="columns">
        <div className="stack">
          <Details subscription={subscription} />
          <Invoices connection={subscription.invoices} />
        </div>
        <div className="stack">
          <Actions subscription={subscription} onOpen={(name) => setOpen({ action: name, choices: name === 'UPDATE_QUANTITY' ? { quantity: subscription.quantity } : {} })} />
          <History connection={subscription.history} />
        </div>
      </div>
      <Suspense>
        {open && (
          <ChangeDialog
            key={open.action}
            action={open.action}
            target={subscription}
            offers={offers}
            start={open.choices}
            onClose={close}
            onDone={finish}
            onSwitch={(name, choices) => setOpen({ action: name, choices })}
          />
        )}
      </Suspense>
    </Page>
  );
}

function Actions({ subscription, onOpen }: { subscription: SubscriptionNode; onOpen: (action: ActionName) => void }) {
  const { t } = useTexts();
  const stateOf = useActionState();
  return (
    <Section title={t('subscription.actions')}>
      <ul className="form">
        {SHOWN.map((name) => {
          const state = stateOf(subscription.availableActions, name);
          return (
            state && (
              <li key={name}>
                <ActionButton state={state} variant={name === 'CANCEL' ? 'danger' : 'plain'} onPress={() => onOpen(name)}>
                  {t(`change.title.${name}`)}
                </ActionButton>
              </li>
            )
          );
        })}
      </ul>
    </Section>
  );
}
