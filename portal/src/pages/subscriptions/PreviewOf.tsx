// What an action leads to: lines, credit, the charge of now, and what comes next.
import { useTexts } from '../../i18n/index.tsx';
import { Money } from '../../parts/Amounts.tsx';
import { Notice } from '../../ui/Notice.tsx';
import type { Preview } from './actions.ts';

export function PreviewOf({ preview, isLoading }: { preview: Preview | null; isLoading: boolean }) {
  const { t, code } = useTexts();
  if (!preview) return <p role="status" className="muted">{isLoading ? t('preview.loading') : ''}</p>;
  return (
    <section className="preview" aria-label={t('preview.title')} aria-live="polite">
      <h3>{t('preview.title')}</h3>
      {preview.warnings.length > 0 && (
        <Notice tone="warn">
          {preview.warnings.map((warning) => (
            <p key={warning}>{code('warning', warning)}</p>
          ))}
        </Notice>
      )}
      {preview.lines.length > 0 && <Lines preview={preview} />}
      <Outcomes preview={preview} />
    </section>
  );
}

function Lines({ preview }: { preview: Preview }) {
  const { t, format } = useTexts();
  return (
    <ul className="rows">
      {preview.lines.map((line, index) => (
        <li key={index}>
          <div className="row-text">
            <p dir="auto">{line.description}</p>
            <p className="small muted">{t('preview.period', { from: format.dayOf(line.startsAt), to: format.dayOf(line.endsAt) })}</p>
          </div>
          <Money amount={line.total} />
        </li>
      ))}
    </ul>
  );
}

function Outcomes({ preview }: { preview: Preview }) {
  const { t, format } = useTexts();
  const isCharged = preview.lines.length > 0;
  const usesCredit = format.signOf(preview.creditUsed) > 0;
  return (
    <dl className="totals">
      <Row name={t('preview.effectiveAt')} value={format.instant(preview.effectiveAt)} />
      {isCharged && <Row name={t('preview.total')} value={format.money(preview.invoiceTotal)} />}
      {usesCredit && <Row name={t('preview.creditUsed')} value={format.money(preview.creditUsed)} />}
      {format.signOf(preview.creditGranted) > 0 && <Row name={t('preview.creditGranted')} value={format.money(preview.creditGranted)} />}
      <Row name={t('preview.amountDue')} value={format.money(preview.amountDue)} isStrong />
      {preview.renewsAt && <Row name={t('preview.next', { date: format.dayOf(preview.renewsAt) })} value={format.money(preview.renewalAmount)} />}
    </dl>
  );
}

function Row({ name, value, isStrong }: { name: string; value: string; isStrong?: boolean }) {
  return (
    <div data-strong={isStrong || undefined}>
      <dt>{name}</dt>
      <dd className="number">{value}</dd>
    </div>
  );
}
