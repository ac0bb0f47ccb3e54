// Everything that is known of a subscription.
import { Link } from 'wouter';
import { useTexts } from '../../i18n/index.tsx';
import { Money } from '../../parts/Amounts.tsx';
import { useMethodName } from '../../parts/methods.ts';
import { Notice } from '../../ui/Notice.tsx';
import { StatusPill } from '../../ui/Pill.tsx';
import { Empty, Fact, Section } from '../../ui/Section.tsx';
import { PendingChange } from './PendingChange.tsx';
import { usePriceText } from './prices.ts';
import type { SubscriptionNode } from './Subscription.tsx';

export function Details({ subscription }: { subscription: SubscriptionNode }) {
  const { t, format, code } = useTexts();
  const priceText = usePriceText();
  const nameOf = useMethodName();
  const { currentPeriod, appliedCoupon, paymentMethod } = subscription;
  const days = [
    ['startedAt', subscription.startedAt],
    ['trialEndsAt', subscription.trialEndsAt],
    ['renewsAt', subscription.renewsAt],
    ['pausedAt', subscription.pausedAt],
    ['resumesAt', subscription.resumesAt],
    ['suspendedAt', subscription.suspendedAt],
    ['canceledAt', subscription.canceledAt],
  ] as const;
  return (
    <Section title={t('subscription.details')}>
      {subscription.pendingChange && (
        <Notice>
          <PendingChange change={subscription.pendingChange} />
        </Notice>
      )}
      <dl className="facts">
        <Fact name={t('subscription.renewalAmount')}>
          <Money amount={subscription.renewalAmount} />
        </Fact>
        <Fact name={t('subscription.price')}>{priceText(subscription.price)}</Fact>
        <Fact name={t('field.quantity')}>{format.number(subscription.quantity)}</Fact>
        {currentPeriod && <Fact name={t('subscription.period')}>{t('preview.period', { from: format.dayOf(currentPeriod.startsAt), to: format.dayOf(currentPeriod.endsAt) })}</Fact>}
        {days.map(([name, value]) => value && <Fact key={name} name={t(`subscription.${name}`)}>{format.dayOf(value)}</Fact>)}
        {subscription.suspendedBy && <Fact name={t('subscription.suspendedBy')}>{code('suspendedBy', subscription.suspendedBy)}</Fact>}
        {subscription.cancelReason && <Fact name={t('reason.label')}>{code('reason', subscription.cancelReason)}</Fact>}
        {appliedCoupon && <Fact name={t('subscription.coupon')}>{appliedCoupon.coupon.name}</Fact>}
        <Fact name={t('subscription.method')}>{paymentMethod ? nameOf(paymentMethod) : t('methods.default')}</Fact>
      </dl>
    </Section>
  );
}

export function Invoices({ connection }: { connection: SubscriptionNode['invoices'] }) {
  const { t, format } = useTexts();
  return (
    <Section title={t('invoices.title')}>
      {connection.nodes.length === 0 && <Empty>{t('invoices.none')}</Empty>}
      <ul className="rows">
        {connection.nodes.map((invoice) => (
          <li key={invoice.id}>
            <div className="row-text">
              <p className="row-title">
                <Link href={`/invoices/${invoice.id}`}>{invoice.number}</Link>
                <StatusPill status={invoice.isOverdue ? 'OVERDUE' : invoice.status} />
              </p>
              <p className="small muted">{format.dayOf(invoice.issuedAt)}</p>
            </div>
            <Money amount={invoice.total} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

export function History({ connection }: { connection: SubscriptionNode['history'] }) {
  const { t, format, code } = useTexts();
  return (
    <Section title={t('subscription.history')}>
      <ol className="rows">
        {connection.nodes.map((event, index) => (
          <li key={index}>
            <div className="row-text">
              <p>{code('event', event.kind)}</p>
              <p className="small muted">{t('subscription.eventBy', { date: format.instant(event.happenedAt), actor: code('actor', event.actor) })}</p>
            </div>
          </li>
        ))}
      </ol>
    </Section>
  );
}
