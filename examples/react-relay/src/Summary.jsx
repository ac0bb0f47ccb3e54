import { useRef, useState } from 'react';
import { graphql, useFragment, useLazyLoadQuery, useMutation } from 'react-relay';
import { isOpen, keyOf, settle } from './press.js';

const SUMMARY = graphql`
  query SummaryQuery {
    customer { ...Summary_customer }
  }
`;

// What the page shows. The mutation asks for it as well, so its answer brings the page up to date.
const PAGE = graphql`
  fragment Summary_customer on Customer {
    id
    name
    summary {
      totalDue { minorUnits currency formatted }
      nextPayment { date amount { formatted } }
    }
    invoices(first: 5, sort: DUE_FIRST, filter: { status: [OPEN, PARTIALLY_PAID, PROCESSING] }) {
      totalCount
      nodes { id number status dueOn amountRemaining { formatted } }
    }
  }
`;

const PAY_ALL_DUE = graphql`
  mutation SummaryPayMutation($input: PayAllDueInput!) {
    payAllDue(input: $input) {
      replayed
      payment { status declineCode amount { formatted } }
      customer { ...Summary_customer }
      userErrors { code message path }
    }
  }
`;

export function Summary() {
  const { customer } = useLazyLoadQuery(SUMMARY, {});
  const { id, name, summary, invoices } = useFragment(PAGE, customer);
  const [payAllDue, isInFlight] = useMutation(PAY_ALL_DUE);
  const [notice, setNotice] = useState('');
  // The second click of a double click comes before the button is disabled.
  const isRunning = useRef(false);

  function end(text) {
    isRunning.current = false;
    setNotice(text);
  }

  function pay(currency) {
    if (isRunning.current) return;
    isRunning.current = true;
    payAllDue({
      variables: { input: { currency, idempotencyKey: keyOf(id, currency) } },
      onCompleted: ({ payAllDue }, errors) => end(payAllDue ? settle(id, currency, payAllDue) : errors[0].message),
      // The answer may be lost, or the gateway busy. The key is still stored, so the next press is the same payment.
      onError: (error) => end(`${error.message} Please press again.`),
    });
  }

  return (
    <>
      <h1>{name}</h1>
      <ul aria-label="Due">
        {summary.totalDue.map(({ minorUnits, currency, formatted }) => (
          <li key={currency}>
            {formatted}{' '}
            {(minorUnits !== '0' || isOpen(id, currency)) && <button disabled={isInFlight} onClick={() => pay(currency)}>Pay {currency}</button>}
          </li>
        ))}
      </ul>
      <p>Next payment: {summary.nextPayment ? `${summary.nextPayment.amount.formatted} on ${summary.nextPayment.date}` : 'none'}</p>
      <h2>Unpaid invoices: {invoices?.totalCount}</h2>
      <ul>
        {invoices?.nodes.map((invoice) => (
          <li key={invoice.id}>{invoice.number}, due on {invoice.dueOn}: {invoice.amountRemaining.formatted}, {invoice.status}</li>
        ))}
      </ul>
      <p role="status">{notice}</p>
    </>
  );
}
