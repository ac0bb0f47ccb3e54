import { Link } from 'wouter';
import { SummaryDocument, type SummaryQuery } from '../../api/__generated__/graphql.ts';
import type { Complete } from '../../api/complete.ts';
import { usePageQuery } from '../../api/hooks.ts';
import { useTexts } from '../../i18n/index.tsx';
import { MethodList } from '../../parts/MethodList.tsx';
import { Loaded, Page } from '../../ui/Page.tsx';
import { Section } from '../../ui/Section.tsx';
import { Figures } from './Figures.tsx';
import { PayAllDue } from './PayAllDue.tsx';
import { RecentPayments, Schedules, Subscriptions } from './previews.tsx';

export type Customer = NonNullable<Complete<SummaryQuery>['customer']>;

export default function Summary() {
  const { t } = useTexts();
  const query = usePageQuery(SummaryDocument, {});
  return (
    <Loaded title={t('nav.summary')} query={query}>
      {({ customer }) => customer && <SummaryOf customer={customer} />}
    </Loaded>
  );
}

function SummaryOf({ customer }: { customer: Customer }) {
  const { t } = useTexts();
  return (
    <Page title={t('summary.hello', { name: customer.name })} actions={<PayAllDue customer={customer} />}>
      <Figures summary={customer.summary} />
      <div className="columns">
        <div className="stack">
          <Subscriptions connection={customer.subscriptions} />
          <RecentPayments connection={customer.payments} />
        </div>
        <div className="stack">
          <Schedules connection={customer.paymentSchedules} />
          <Section title={t('methods.title')} more={<Link href="/payments">{t('summary.manage')}</Link>}>
            <MethodList methods={customer.paymentMethods.nodes} />
          </Section>
        </div>
      </div>
    </Page>
  );
}
