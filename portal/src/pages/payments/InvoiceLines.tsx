// The lines of an invoice with what they come to. On a narrow screen the table scrolls by itself, and by the keyboard.
import type { Amount } from '../../i18n/format.ts';
import { useTexts } from '../../i18n/index.tsx';
import { Money } from '../../parts/Amounts.tsx';
import type { InvoiceNode } from './Invoice.tsx';

export function InvoiceLines({ invoice }: { invoice: InvoiceNode }) {
  const { t, format } = useTexts();
  return (
    <div className="table-wrap" tabIndex={0} role="group" aria-label={t('invoice.lines')}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{t('invoice.description')}</th>
            <th scope="col" className="end">
              {t('field.quantity')}
            </th>
            <th scope="col" className="end">
              {t('invoice.unitAmount')}
            </th>
            <th scope="col" className="end">
              {t('invoice.amount')}
            </th>
          </tr>
        </thead>
        <tbody>
          {invoice.lines.nodes.map((line) => (
            <tr key={line.id}>
              <td>
                <span dir="auto">{line.description}</span>
                {line.period && <p className="small muted">{t('preview.period', { from: format.dayOf(line.period.startsAt), to: format.dayOf(line.period.endsAt) })}</p>}
              </td>
              <td className="end number">{format.number(line.quantity)}</td>
              <td className="end">
                <Money amount={line.unitAmount} />
              </td>
              <td className="end">
                <Money amount={line.total} />
              </td>
            </tr>
          ))}
        </tbody>
        <tfoot>{totalsOf(invoice).map(([name, amount]) => <Total key={name} name={t(`invoice.${name}`)} amount={amount} />)}</tfoot>
      </table>
    </div>
  );
}

type TotalName = 'subtotal' | 'discount' | 'tax' | 'total' | 'paid' | 'credited' | 'remaining';

// The sums of the invoice; those of zero that say nothing are left out.
function totalsOf(invoice: InvoiceNode): [TotalName, Amount][] {
  const sums: [TotalName, Amount][] = [
    ['subtotal', invoice.subtotal],
    ['discount', invoice.discount],
    ['tax', invoice.tax],
    ['total', invoice.total],
    ['paid', invoice.amountPaid],
    ['credited', invoice.amountCredited],
    ['remaining', invoice.amountRemaining],
  ];
  return sums.filter(([name, { amount }]) => Number(amount) !== 0 || name === 'total' || name === 'remaining');
}

function Total({ name, amount }: { name: string; amount: Amount }) {
  return (
    <tr>
      <th scope="row" colSpan={3} className="end">
        {name}
      </th>
      <td className="end">
        <Money amount={amount} />
      </td>
    </tr>
  );
}
