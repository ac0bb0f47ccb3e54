import { PaymentScheduleDocument, type PaymentScheduleQuery } from '../../api/__generated__/graphql.ts';
import type { Complete } from '../../api/complete.ts';
import { usePageQuery } from '../../api/hooks.ts';
import { type NodeWith, nodeWith } from '../../api/nodes.ts';
import { useTexts } from '../../i18n/index.tsx';
import { Attachments } from '../../parts/attachments/Attachments.tsx';
import { Loaded, Page } from '../../ui/Page.tsx';
import { StatusPill } from '../../ui/Pill.tsx';
import { Section } from '../../ui/Section.tsx';
import NotFound from '../NotFound.tsx';
import { Installments } from './Installments.tsx';
import { PaidShare } from './PaidShare.tsx';

export type ScheduleNode = NodeWith<Complete<PaymentScheduleQuery>['node'], 'installments'>;

export default function Schedule({ id }: { id: string }) {
  const { t } = useTexts();
  const query = usePageQuery(PaymentScheduleDocument, { id });
  return (
    <Loaded title={t('schedules.one')} query={query}>
      {({ node, limits }) => {
        const schedule = nodeWith(node, 'installments');
        return schedule ? <ScheduleOf schedule={schedule} limits={limits} /> : <NotFound />;
      }}
    </Loaded>
  );
}

interface ScheduleOfProps {
  schedule: ScheduleNode;
  limits: PaymentScheduleQuery['limits'];
}

function ScheduleOf({ schedule, limits }: ScheduleOfProps) {
  const { t } = useTexts();
  return (
    <Page
      title={schedule.name}
      back={{ to: '/schedules', label: t('nav.schedules') }}
      actions={<StatusPill status={schedule.isOverdue ? 'OVERDUE' : schedule.status} />}
    >
      <Section title={t('schedules.installments')}>
        <PaidShare paid={schedule.paid} total={schedule.total} />
        <Installments installments={schedule.installments.nodes} />
      </Section>
      <Attachments parent={schedule} limits={limits} />
    </Page>
  );
}
