import { ProgressBar } from 'react-aria-components';
import type { Amount } from '../../i18n/format.ts';
import { useTexts } from '../../i18n/index.tsx';

// How much of a schedule is paid, in words and as a bar.
export function PaidShare({ paid, total }: { paid: Amount; total: Amount }) {
  const { t, format } = useTexts();
  const share = Number(total.amount) > 0 ? (Number(paid.amount) / Number(total.amount)) * 100 : 0;
  const text = t('schedules.paid', { paid: format.money(paid), total: format.money(total) });
  return (
    <div className="field">
      <p className="number">{text}</p>
      <ProgressBar className="progress" value={share} aria-label={text}>
        <div className="progress-bar" style={{ inlineSize: `${share}%` }} />
      </ProgressBar>
    </div>
  );
}
