import { lazy, Suspense, useState } from 'react';
import { Link } from 'wouter';
import { InvoiceDocument, type InvoiceQuery, PayInvoiceDocument } from '../../api/__generated__/graphql.ts';
import type { Complete } from '../../api/complete.ts';
import { useAction, usePageQuery } from '../../api/hooks.ts';
import { type NodeWith, nodeWith } from '../../api/nodes.ts';
import { useTexts } from '../../i18n/index.tsx';
import { ActionButton } from '../../parts/ActionButton.tsx';
import { useActionState } from '../../parts/actions.ts';
import { Money } from '../../parts/Amounts.tsx';
import { Attachments } from '../../parts/attachments/Attachments.tsx';
import { InvoiceDownload } from '../../parts/DownloadButton.tsx';
import { useMethodName } from '../../parts/methods.ts';
import type { Debt } from '../../parts/PayDocument.tsx';
import { Loaded, Page } from '../../ui/Page.tsx';
import { StatusPill } from '../../ui/Pill.tsx';
import { Fact, Section } from '../../ui/Section.tsx';
import NotFound from '../NotFound.tsx';
import { CreditNotes } from './CreditNotes.tsx';
import { InvoiceLines } from './InvoiceLines.tsx';

const PayDocument = lazy(async () => ({ default: (await import('../../parts/PayDocument.tsx')).PayDocument }));

export type InvoiceNode = NodeWith<Complete<InvoiceQuery>['node'], 'lines'>;

// What is no longer to be paid has no button, whatever its reason.
const SETTLED = new Set(['PAID', 'VOID', 'REFUNDED']);

export default function Invoice({ id }: { id: string }) {
  const { t } = useTexts();
  const query = usePageQuery(InvoiceDocument, { id });
  return (
    <Loaded title={t('invoice.title')} query={query}>
      {(data) => {
        const invoice = nodeWith(data.node, 'lines');
        return invoice ? <InvoiceOf invoice={invoice} data={data} /> : <NotFound />;
      }}
    </Loaded>
  );
}

function InvoiceOf({ invoice, data }: { invoice: InvoiceNode; data: Complete<InvoiceQuery> }) {
  const { t } = useTexts();
  const actions = (
    <>
      <StatusPill status={invoice.isOverdue ? 'OVERDUE' : invoice.status} />
      <InvoiceDownload id={invoice.id} number={invoice.number} />
      <Pay invoice={invoice} />
    </>
  );
  return (
    <Page title={t('invoice.name', { number: invoice.number })} back={{ to: '/payments', label: t('nav.payments') }} actions={actions}>
      <Details invoice={invoice} />
      <Section title={t('invoice.lines')}>
        <InvoiceLines invoice={invoice} />
      </Section>
      <div className="columns">
        <PaymentsOf invoice={invoice} />
        <Attachments parent={invoice} limits={data.limits} />
        {invoice.creditNotes.nodes.length > 0 && <CreditNotes notes={invoice.creditNotes.nodes} />}
      </div>
    </Page>
  );
}

function Pay({ invoice }: { invoice: InvoiceNode }) {
  const { t, format } = useTexts();
  const stateOf = useActionState();
  // What the dialog was opened for. After a lost answer the invoice may be paid already; the dialog stays until the result is known.
  const [opened, setOpened] = useState<Debt | null>(null);
  const { run, isPending, problem } = useAction(PayInvoiceDocument, { press: 'PayInvoice' });
  const pay = (paymentMethodId: string | null) => run({ invoiceId: invoice.id, paymentMethodId, expectedVersion: invoice.version });
  // Where `payable` is null the button is disabled, and has what remains.
  const debt = { remaining: invoice.amountRemaining, payable: invoice.payable ?? invoice.amountRemaining };
  return (
    <>
      {!SETTLED.has(invoice.status) && (
        <ActionButton state={stateOf(invoice.availableActions, 'PAY')} variant="primary" onPress={() => setOpened(debt)}>
          {format.signOf(debt.payable) === 0 ? t('pay.withCredit') : t('pay.amount', { amount: format.money(debt.payable) })}
        </ActionButton>
      )}
      <Suspense>
        {opened && (
          <PayDocument
            title={t('invoice.payTitle', { number: invoice.number })}
            debt={invoice.payable ? debt : opened}
            action={{ run: pay, isPending, problem }}
            onClose={() => setOpened(null)}
          />
        )}
      </Suspense>
    </>
  );
}

function Details({ invoice }: { invoice: InvoiceNode }) {
  const { t, format } = useTexts();
  const { subscription, paymentSchedule, collection } = invoice;
  return (
    <Section title={t('subscription.details')}>
      <dl className="facts">
        <Fact name={t('invoice.remaining')}>
          <Money amount={invoice.amountRemaining} />
        </Fact>
        <Fact name={t('invoice.dueOn')}>{format.day(invoice.dueOn)}</Fact>
        <Fact name={t('invoice.issuedAt')}>{format.dayOf(invoice.issuedAt)}</Fact>
        {invoice.paidAt && <Fact name={t('invoice.paidAt')}>{format.dayOf(invoice.paidAt)}</Fact>}
        {subscription && (
          <Fact name={t('subscription.title')}>
            <Link href={`/subscriptions/${subscription.id}`}>{subscription.plan.name}</Link>
          </Fact>
        )}
        {paymentSchedule && (
          <Fact name={t('schedules.one')}>
            <Link href={`/schedules/${paymentSchedule.id}`}>{paymentSchedule.name}</Link>
          </Fact>
        )}
      </dl>
      {invoice.memo && <p dir="auto">{invoice.memo}</p>}
      {collection.state !== 'NONE' && (
        <p className="small muted">{t(`collection.${collection.state}`, { date: collection.nextAttemptAt ? format.dayOf(collection.nextAttemptAt) : '' })}</p>
      )}
    </Section>
  );
}

function PaymentsOf({ invoice }: { invoice: InvoiceNode }) {
  const { t, format } = useTexts();
  const nameOf = useMethodName();
  return (
    <Section title={t('nav.payments')}>
      {invoice.payments.nodes.length === 0 && <p className="empty">{t('invoice.noPayments')}</p>}
      <ul className="rows">
        {invoice.payments.nodes.map((payment) => (
          <li key={payment.id}>
            <div className="row-text">
              <p className="row-title">
                <Money amount={payment.amount} />
                <StatusPill status={payment.status} />
              </p>
              <p className="small muted">{t('payments.by', { date: format.dayOf(payment.createdAt), method: nameOf(payment.methodSnapshot) })}</p>
            </div>
          </li>
        ))}
      </ul>
    </Section>
  );
}
