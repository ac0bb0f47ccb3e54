import { Link } from 'wouter';
import type { PaymentsQuery } from '../../api/__generated__/graphql.ts';
import type { Complete } from '../../api/complete.ts';
import { useTexts } from '../../i18n/index.tsx';
import { Money } from '../../parts/Amounts.tsx';
import { ButtonLink } from '../../ui/Button.tsx';
import { StatusPill } from '../../ui/Pill.tsx';
import { Section } from '../../ui/Section.tsx';

type Invoice = NonNullable<Complete<PaymentsQuery>['customer']>['unpaid']['nodes'][number];

// The invoices that are still to be paid, the oldest first.
export function Unpaid({ invoices }: { invoices: readonly Invoice[] }) {
  const { t } = useTexts();
  return (
    <Section title={t('payments.unpaid')}>
      <ul className="rows">
        {invoices.map((invoice) => (
          <UnpaidRow key={invoice.id} invoice={invoice} />
        ))}
      </ul>
    </Section>
  );
}

function UnpaidRow({ invoice }: { invoice: Invoice }) {
  const { t, format } = useTexts();
  const canPay = invoice.availableActions.some(({ action, allowed }) => action === 'PAY' && allowed);
  return (
    <li>
      <div className="row-text">
        <p className="row-title">
          <Link href={`/invoices/${invoice.id}`}>{t('invoice.name', { number: invoice.number })}</Link>
          <StatusPill status={invoice.isOverdue ? 'OVERDUE' : invoice.status} />
        </p>
        <p className="small muted">{invoice.isOverdue ? t('due.overdue', { count: invoice.daysOverdue }) : t('due.on', { date: format.day(invoice.dueOn) })}</p>
      </div>
      <div className="row-end">
        <Money amount={invoice.amountRemaining} />
        {canPay && <ButtonLink to={`/invoices/${invoice.id}`}>{t('payments.toInvoice')}</ButtonLink>}
      </div>
    </li>
  );
}
