import { useState } from 'react';
import { Link } from 'wouter';
import { PaymentSchedulesDocument, type PaymentSchedulesQuery, type ScheduleStatus } from '../../api/__generated__/graphql.ts';
import type { Complete } from '../../api/complete.ts';
import { usePageQuery } from '../../api/hooks.ts';
import { useTexts } from '../../i18n/index.tsx';
import { SelectField } from '../../ui/Field.tsx';
import { Loaded, Page } from '../../ui/Page.tsx';
import { Pager, usePaging } from '../../ui/Pager.tsx';
import { StatusPill } from '../../ui/Pill.tsx';
import { Empty } from '../../ui/Section.tsx';
import { PaidShare } from './PaidShare.tsx';

type Schedule = NonNullable<Complete<PaymentSchedulesQuery>['customer']>['paymentSchedules']['edges'][number]['node'];

const STATUSES: ScheduleStatus[] = ['ACTIVE', 'FINISHED', 'CANCELED'];

export default function Schedules() {
  const { t, code } = useTexts();
  const paging = usePaging();
  const [status, setStatus] = useState<ScheduleStatus | ''>('');
  const query = usePageQuery(PaymentSchedulesDocument, { after: paging.cursors.after, filter: status ? { status: [status] } : null });
  const statuses = [{ value: '', label: t('filter.all') }, ...STATUSES.map((value) => ({ value: value as string, label: code('status', value) }))];
  return (
    <Loaded title={t('nav.schedules')} query={query}>
      {({ customer }) =>
        customer && (
          <Page title={t('nav.schedules')} detail={t('schedules.count', { count: customer.paymentSchedules.totalCount })}>
            <div className="filters">
              <SelectField
                label={t('filter.status')}
                value={status as string}
                options={statuses}
                onChange={(value) => {
                  paging.restart();
                  setStatus(value as ScheduleStatus | '');
                }}
              />
            </div>
            {customer.paymentSchedules.edges.length === 0 && <Empty>{t('schedules.none')}</Empty>}
            <ul className="cards">
              {customer.paymentSchedules.edges.map(({ node }) => (
                <ScheduleCard key={node.id} schedule={node} />
              ))}
            </ul>
            <Pager paging={paging} pageInfo={customer.paymentSchedules.pageInfo} label={t('pager.schedules')} />
          </Page>
        )
      }
    </Loaded>
  );
}

function ScheduleCard({ schedule }: { schedule: Schedule }) {
  const { t, format } = useTexts();
  const { nextInstallment } = schedule;
  return (
    <li className="card section">
      <div className="section-head">
        <h2>
          <Link href={`/schedules/${schedule.id}`}>{schedule.name}</Link>
        </h2>
        <StatusPill status={schedule.isOverdue ? 'OVERDUE' : schedule.status} />
      </div>
      <PaidShare paid={schedule.paid} total={schedule.total} />
      {nextInstallment && (
        <p className="small muted">
          {t('schedules.nextAmount', { date: format.day(nextInstallment.dueOn), name: nextInstallment.name, amount: format.money(nextInstallment.remaining) })}
        </p>
      )}
    </li>
  );
}
