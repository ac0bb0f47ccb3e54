import { useMutation, useQuery } from '@apollo/client/react';
import { useRef, useState } from 'react';
import { PAY_ALL_DUE, SUMMARY } from './documents.js';
import { isOpen, keyOf, settle } from './press.js';

export function Summary() {
  const { data, error, refetch } = useQuery(SUMMARY);
  const [payAllDue, { loading }] = useMutation(PAY_ALL_DUE);
  const [notice, setNotice] = useState('');
  // The second click of a double click comes before the button is disabled.
  const isRunning = useRef(false);
  if (error) return <p role="alert">{error.message} <button onClick={() => refetch()}>Try again</button></p>;
  if (!data) return <p>Loading …</p>;
  const { id, name, summary, invoices } = data.customer;

  async function pay(currency) {
    if (isRunning.current) return;
    isRunning.current = true;
    try {
      const input = { currency, idempotencyKey: keyOf(id, currency) };
      const { data } = await payAllDue({ variables: { input } });
      setNotice(settle(id, currency, data.payAllDue));
    } catch (error) {
      // The answer may be lost, or the gateway busy. The key is still stored, so the next press is the same payment.
      setNotice(`${error.message} Please press again.`);
    } finally {
      isRunning.current = false;
    }
  }

  return (
    <>
      <h1>{name}</h1>
      <ul aria-label="Due">
        {summary.totalDue.map(({ minorUnits, currency, formatted }) => (
          <li key={currency}>
            {formatted}{' '}
            {(minorUnits !== '0' || isOpen(id, currency)) && <button disabled={loading} onClick={() => pay(currency)}>Pay {currency}</button>}
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
