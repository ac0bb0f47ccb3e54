import { Link } from 'wouter';
import type { PaymentsQuery } from '../../api/__generated__/graphql.ts';
import type { Complete } from '../../api/complete.ts';
import { useTexts } from '../../i18n/index.tsx';
import { Money } from '../../parts/Amounts.tsx';
import { DownloadButton } from '../../parts/DownloadButton.tsx';
import { useMethodName } from '../../parts/methods.ts';
import { StatusPill } from '../../ui/Pill.tsx';
import { Empty } from '../../ui/Section.tsx';

type Payment = NonNullable<Complete<PaymentsQuery>['customer']>['payments']['edges'][number]['node'];

export function PaymentRows({ payments }: { payments: readonly Payment[] }) {
  const { t } = useTexts();
  if (payments.length === 0) return <Empty>{t('payments.noneLikeThis')}</Empty>;
  return (
    <ul className="rows">
      {payments.map((payment) => (
        <PaymentRow key={payment.id} payment={payment} />
      ))}
    </ul>
  );
}

function PaymentRow({ payment }: { payment: Payment }) {
  const { t, format, code } = useTexts();
  const nameOf = useMethodName();
  return (
    <li>
      <div className="row-text">
        <p className="row-title">
          <Money amount={payment.amount} />
          <StatusPill status={payment.status} />
        </p>
        <p className="small muted">{t('payments.by', { date: format.dayOf(payment.createdAt), method: nameOf(payment.methodSnapshot) })}</p>
        {payment.declineCode && <p className="small muted">{code('decline', payment.declineCode, t('error.PAYMENT_DECLINED'))}</p>}
        {payment.refunds.map((refund) => (
          <p key={refund.id} className="small muted">
            {t(`payments.refund.${refund.status}`, { amount: format.money(refund.amount), date: format.dayOf(refund.createdAt) })}
          </p>
        ))}
      </div>
      <div className="row-end">
        <Allocations payment={payment} />
        {payment.receiptNumber && (
          <DownloadButton id={payment.id} label={t('download.receipt', { number: payment.receiptNumber })}>
            {t('payments.receipt')}
          </DownloadButton>
        )}
      </div>
    </li>
  );
}

// What a payment was for.
function Allocations({ payment }: { payment: Payment }) {
  const { t } = useTexts();
  return payment.allocations.map(({ invoice, installment }) => {
    if (invoice) return <Link key={invoice.id} href={`/invoices/${invoice.id}`}>{t('invoice.name', { number: invoice.number })}</Link>;
    return installment && <Link key={installment.id} href={`/schedules/${installment.schedule.id}`}>{installment.name}</Link>;
  });
}
