// The first subscriptions, schedules and payments, each with a way to the whole.
import { Link } from 'wouter';
import { useTexts } from '../../i18n/index.tsx';
import { Money } from '../../parts/Amounts.tsx';
import { DownloadButton, InvoiceDownload } from '../../parts/DownloadButton.tsx';
import { useMethodName } from '../../parts/methods.ts';
import { StatusPill } from '../../ui/Pill.tsx';
import { Empty, Section } from '../../ui/Section.tsx';
import type { Customer } from './Summary.tsx';

export function Subscriptions({ connection }: { connection: Customer['subscriptions'] }) {
  const { t, format } = useTexts();
  return (
    <Section title={t('nav.subscriptions')} more={<Link href="/subscriptions">{t('summary.all')}</Link>}>
      {connection.nodes.length === 0 && <Empty>{t('subscriptions.none')}</Empty>}
      <ul className="rows">
        {connection.nodes.map((subscription) => (
          <li key={subscription.id}>
            <div className="row-text">
              <p className="row-title">
                <Link href={`/subscriptions/${subscription.id}`}>{subscription.plan.name}</Link>
                <StatusPill status={subscription.hasOverdue ? 'OVERDUE' : subscription.status} />
              </p>
              {subscription.renewsAt && <p className="small muted">{t('subscriptions.renewsAt', { date: format.dayOf(subscription.renewsAt) })}</p>}
            </div>
            <Money amount={subscription.renewalAmount} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

export function Schedules({ connection }: { connection: Customer['paymentSchedules'] }) {
  const { t, format } = useTexts();
  return (
    <Section title={t('nav.schedules')} more={<Link href="/schedules">{t('summary.all')}</Link>}>
      {connection.nodes.length === 0 && <Empty>{t('schedules.noneActive')}</Empty>}
      <ul className="rows">
        {connection.nodes.map((schedule) => (
          <li key={schedule.id}>
            <div className="row-text">
              <p className="row-title">
                <Link href={`/schedules/${schedule.id}`}>{schedule.name}</Link>
                {schedule.isOverdue && <StatusPill status="OVERDUE" />}
              </p>
              {schedule.nextInstallment && <p className="small muted">{t('schedules.next', { date: format.day(schedule.nextInstallment.dueOn), name: schedule.nextInstallment.name })}</p>}
            </div>
            <span className="number">{t('schedules.remaining', { amount: format.money(schedule.remaining) })}</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

// Of a payment of several invoices each button shows the number of its own.
function InvoiceDownloads({ payment }: { payment: Customer['payments']['nodes'][number] }) {
  const { t } = useTexts();
  const invoices = payment.allocations.flatMap(({ invoice }) => invoice ?? []);
  if (invoices.length < 2) return invoices.map(({ id, number }) => <InvoiceDownload key={id} id={id} number={number} />);
  return invoices.map(({ id, number }) => (
    <DownloadButton key={id} id={id} label={t('download.invoice', { number })}>
      {t('download.invoice', { number })}
    </DownloadButton>
  ));
}

export function RecentPayments({ connection }: { connection: Customer['payments'] }) {
  const { t, format } = useTexts();
  const nameOf = useMethodName();
  return (
    <Section title={t('summary.recentPayments')} more={<Link href="/payments">{t('summary.all')}</Link>}>
      {connection.nodes.length === 0 && <Empty>{t('payments.none')}</Empty>}
      <ul className="rows">
        {connection.nodes.map((payment) => (
          <li key={payment.id}>
            <div className="row-text">
              <p className="row-title">
                <Money amount={payment.amount} />
                <StatusPill status={payment.status} />
              </p>
              <p className="small muted">{t('payments.by', { date: format.dayOf(payment.createdAt), method: nameOf(payment.methodSnapshot) })}</p>
            </div>
            <div className="row-end">
              <InvoiceDownloads payment={payment} />
            </div>
          </li>
        ))}
      </ul>
    </Section>
  );
}
