import { lazy, Suspense, useState } from 'react';
import { PaymentsDocument, type PaymentStatus } from '../../api/__generated__/graphql.ts';
import { usePageQuery } from '../../api/hooks.ts';
import { useTexts } from '../../i18n/index.tsx';
import { MethodList } from '../../parts/MethodList.tsx';
import { Button } from '../../ui/Button.tsx';
import { Modal } from '../../ui/Modal.tsx';
import { Loaded, Page } from '../../ui/Page.tsx';
import { Pager, usePaging } from '../../ui/Pager.tsx';
import { Section } from '../../ui/Section.tsx';
import { Calendar } from './Calendar.tsx';
import { CreditNotes } from './CreditNotes.tsx';
import { type Filter, HistoryFilter, type HistoryFilterValue, NO_FILTER } from './HistoryFilter.tsx';
import { PaymentRows } from './PaymentRows.tsx';
import { Statement } from './Statement.tsx';
import { Unpaid } from './Unpaid.tsx';

const AddMethod = lazy(async () => ({ default: (await import('../../parts/AddMethod.tsx')).AddMethod }));

export default function Payments() {
  const { t } = useTexts();
  const paging = usePaging();
  const [filter, setFilter] = useState<HistoryFilterValue>(NO_FILTER);
  const [isAdding, setAdding] = useState(false);
  const query = usePageQuery(PaymentsDocument, { after: paging.cursors.after, filter: filterOf(filter) });
  const addMethod = (
    <Button variant="quiet" onPress={() => setAdding(true)}>
      {t('methods.addTitle')}
    </Button>
  );
  const changeFilter = (next: HistoryFilterValue) => {
    paging.restart();
    setFilter(next);
  };
  return (
    <Loaded title={t('nav.payments')} query={query}>
      {({ customer }) =>
        customer && (
          <Page title={t('nav.payments')}>
            {customer.unpaid.nodes.length > 0 && <Unpaid invoices={customer.unpaid.nodes} />}
            <div className="columns">
              <div className="stack">
                <Section title={t('payments.history')}>
                  <HistoryFilter value={filter} onChange={changeFilter} />
                  <PaymentRows payments={customer.payments.edges.map(({ node }) => node)} />
                  <Pager paging={paging} pageInfo={customer.payments.pageInfo} label={t('pager.payments')} />
                </Section>
              </div>
              <div className="stack">
                <Section title={t('methods.title')} more={addMethod}>
                  <MethodList methods={customer.paymentMethods.nodes} />
                </Section>
                {customer.creditNotes.nodes.length > 0 && <CreditNotes notes={customer.creditNotes.nodes} />}
                <Statement currency={customer.currency} />
                <Calendar calendarUrl={customer.calendarUrl} calendarLink={customer.calendarLink} />
              </div>
            </div>
            <Suspense>
              {isAdding && (
                <Modal title={t('methods.addTitle')} isOpen onClose={() => setAdding(false)}>
                  <AddMethod onAdded={() => setAdding(false)} onCancel={() => setAdding(false)} />
                </Modal>
              )}
            </Suspense>
          </Page>
        )
      }
    </Loaded>
  );
}

// Days are the reader's: from the beginning of the first to the end of the last.
function filterOf({ status, from, to }: HistoryFilterValue): Filter | null {
  const end = to ? new Date(`${to}T00:00:00`) : null;
  end?.setDate(end.getDate() + 1);
  if (!status && !from && !to) return null;
  return {
    status: status ? [status as PaymentStatus] : null,
    createdFrom: from ? new Date(`${from}T00:00:00`).toISOString() : null,
    createdBefore: end?.toISOString() ?? null,
  };
}
