// The sums of the Summary; each leads to the page that explains it.
import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { useTexts } from '../../i18n/index.tsx';
import { Amounts, Money } from '../../parts/Amounts.tsx';
import type { Customer } from './Summary.tsx';

type SummaryFacts = Customer['summary'];

export function Figures({ summary }: { summary: SummaryFacts }) {
  const { t, code, format } = useTexts();
  const { lastPayment, nextPayment } = summary;
  const isOverdue = summary.totalOverdue.some((amount) => format.signOf(amount) > 0);
  return (
    <section className="card figures" aria-label={t('summary.figures')}>
      <Figure to="/payments" label={t('summary.totalDue')}>
        <Amounts amounts={summary.totalDue} />
      </Figure>
      <Figure to="/payments" label={t('summary.totalOverdue')} isAlarming={isOverdue}>
        <Amounts amounts={summary.totalOverdue} />
      </Figure>
      <Figure to="/payments" label={t('summary.balance')}>
        <Amounts amounts={summary.balance} />
      </Figure>
      <Figure to="/payments" label={t('summary.nextPayment')}>
        {nextPayment ? (
          <>
            <span className="figure-value">
              <Money amount={nextPayment.amount} />
            </span>
            <span className="small muted">{t('summary.nextDetail', { date: format.day(nextPayment.date), kind: code('next', nextPayment.kind) })}</span>
          </>
        ) : (
          <span className="figure-value">{t('summary.none')}</span>
        )}
      </Figure>
      <Figure to="/payments" label={t('summary.lastPayment')}>
        {lastPayment ? (
          <>
            <span className="figure-value">
              <Money amount={lastPayment.amount} />
            </span>
            {lastPayment.settledAt && <span className="small muted">{format.dayOf(lastPayment.settledAt)}</span>}
          </>
        ) : (
          <span className="figure-value">{t('summary.none')}</span>
        )}
      </Figure>
      <Figure to="/subscriptions" label={t('summary.activeSubscriptions')}>
        <span className="figure-value number">{format.number(summary.activeSubscriptions)}</span>
      </Figure>
      <Figure to="/schedules" label={t('summary.activeSchedules')}>
        <span className="figure-value number">{format.number(summary.activeSchedules)}</span>
      </Figure>
      {summary.processing.some((amount) => format.signOf(amount) > 0) && (
        <Figure to="/payments" label={t('summary.processing')}>
          <Amounts amounts={summary.processing} />
        </Figure>
      )}
    </section>
  );
}

interface FigureProps {
  to: string;
  label: string;
  isAlarming?: boolean;
  children: ReactNode;
}

function Figure({ to, label, isAlarming, children }: FigureProps) {
  return (
    <Link href={to} className="figure" data-tone={isAlarming ? 'danger' : undefined}>
      <span className="figure-label">{label}</span>
      {children}
    </Link>
  );
}
