import { lazy, Suspense, useState } from 'react';
import { Link } from 'wouter';
import { type SubscriptionStatus, SubscriptionsDocument, type SubscriptionsQuery } from '../../api/__generated__/graphql.ts';
import type { Complete } from '../../api/complete.ts';
import { usePageQuery } from '../../api/hooks.ts';
import { useTexts } from '../../i18n/index.tsx';
import { ActionButton } from '../../parts/ActionButton.tsx';
import { useActionState, useIsOffered } from '../../parts/actions.ts';
import { Money } from '../../parts/Amounts.tsx';
import { Button } from '../../ui/Button.tsx';
import { SelectField } from '../../ui/Field.tsx';
import { Loaded, Page } from '../../ui/Page.tsx';
import { Pager, usePaging } from '../../ui/Pager.tsx';
import { StatusPill } from '../../ui/Pill.tsx';
import { Empty } from '../../ui/Section.tsx';
import type { ActionName } from './actions.ts';
import type { Offers } from './ChangeForm.tsx';
import { PendingChange } from './PendingChange.tsx';
import { usePriceText } from './prices.ts';

const ChangeDialog = lazy(async () => ({ default: (await import('./ChangeDialog.tsx')).ChangeDialog }));

export type Card = NonNullable<Complete<SubscriptionsQuery>['customer']>['subscriptions']['edges'][number]['node'];

const STATUSES: SubscriptionStatus[] = ['ACTIVE', 'TRIALING', 'SCHEDULED', 'PAUSED', 'SUSPENDED', 'CANCELED'];

interface Open {
  action: ActionName;
  // The card whose plan is changed; null for a new plan.
  id: string | null;
}

export default function Subscriptions() {
  const { t, code } = useTexts();
  const isOffered = useIsOffered();
  const paging = usePaging();
  const [status, setStatus] = useState<SubscriptionStatus | ''>('');
  const [open, setOpen] = useState<Open | null>(null);
  const query = usePageQuery(SubscriptionsDocument, { after: paging.cursors.after, filter: status ? { status: [status] } : null });
  const statuses = [{ value: '', label: t('filter.all') }, ...STATUSES.map((value) => ({ value: value as string, label: code('status', value) }))];
  const addPlan = isOffered('ADD_PLAN') && (
    <Button variant="primary" onPress={() => setOpen({ action: 'ADD_PLAN', id: null })}>
      {t('change.title.ADD_PLAN')}
    </Button>
  );
  return (
    <Loaded title={t('nav.subscriptions')} query={query}>
      {({ customer, plans }) =>
        customer && (
          <Page title={t('nav.subscriptions')} detail={t('subscriptions.count', { count: customer.subscriptions.totalCount })} actions={addPlan}>
            <div className="filters">
              <SelectField
                label={t('filter.status')}
                value={status as string}
                options={statuses}
                onChange={(value) => {
                  paging.restart();
                  setStatus(value as SubscriptionStatus | '');
                }}
              />
            </div>
            {customer.subscriptions.edges.length === 0 && <Empty>{t('subscriptions.none')}</Empty>}
            <ul className="cards">
              {customer.subscriptions.edges.map(({ node }) => (
                <SubscriptionCard key={node.id} card={node} onChangePlan={() => setOpen({ action: 'CHANGE_PLAN', id: node.id })} />
              ))}
            </ul>
            <Pager paging={paging} pageInfo={customer.subscriptions.pageInfo} label={t('pager.subscriptions')} />
            <Suspense>{open && <CardDialog open={open} cards={customer.subscriptions.edges.map(({ node }) => node)} plans={plans?.nodes ?? []} currency={customer.currency} onClose={() => setOpen(null)} />}</Suspense>
          </Page>
        )
      }
    </Loaded>
  );
}

interface CardDialogProps {
  open: Open;
  cards: readonly Card[];
  plans: Offers['plans'];
  currency: string;
  onClose: () => void;
}

function CardDialog({ open, cards, plans, currency, onClose }: CardDialogProps) {
  // The card as it is now, because its version changes.
  const card = cards.find(({ id }) => id === open.id) ?? null;
  return <ChangeDialog action={open.action} target={card} offers={{ plans, currency: card?.renewalAmount.currency ?? currency, currentPriceId: card?.price.id ?? null, retention: [] }} onClose={onClose} />;
}

function SubscriptionCard({ card, onChangePlan }: { card: Card; onChangePlan: () => void }) {
  const { t, format } = useTexts();
  const priceText = usePriceText();
  const stateOf = useActionState();
  const changePlan = stateOf(card.availableActions, 'CHANGE_PLAN');
  return (
    <li className="card section">
      <div className="section-head">
        <h2>
          <Link href={`/subscriptions/${card.id}`}>{card.plan.name}</Link>
        </h2>
        <StatusPill status={card.hasOverdue ? 'OVERDUE' : card.status} />
      </div>
      <div>
        <p className="price">
          <Money amount={card.renewalAmount} />
        </p>
        <p className="small muted">
          {priceText(card.price)}
          {card.quantity > 1 && ` · ${t('subscriptions.quantity', { count: card.quantity })}`}
        </p>
      </div>
      <div className="small muted">
        {card.renewsAt && <p>{t('subscriptions.renewsAt', { date: format.dayOf(card.renewsAt) })}</p>}
        {card.resumesAt && <p>{t('subscriptions.resumesAt', { date: format.dayOf(card.resumesAt) })}</p>}
        <PendingChange change={card.pendingChange} />
      </div>
      <div className="buttons">
        <ActionButton state={changePlan} label={t('subscriptions.changePlanOf', { plan: card.plan.name })} onPress={onChangePlan}>
          {t('change.title.CHANGE_PLAN')}
        </ActionButton>
      </div>
    </li>
  );
}
