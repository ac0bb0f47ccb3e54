import type { PaymentsQueryVariables, PaymentStatus } from '../../api/__generated__/graphql.ts';
import { useTexts } from '../../i18n/index.tsx';
import { Field, SelectField } from '../../ui/Field.tsx';

export type Filter = NonNullable<PaymentsQueryVariables['filter']>;

export interface HistoryFilterValue {
  status: PaymentStatus | '';
  from: string;
  to: string;
}

export const NO_FILTER: HistoryFilterValue = { status: '', from: '', to: '' };

const STATUSES: PaymentStatus[] = ['SUCCEEDED', 'PROCESSING', 'REQUIRES_ACTION', 'FAILED', 'REFUNDED'];

interface HistoryFilterProps {
  value: HistoryFilterValue;
  onChange: (value: HistoryFilterValue) => void;
}

export function HistoryFilter({ value, onChange }: HistoryFilterProps) {
  const { t, code } = useTexts();
  const statuses = [{ value: '', label: t('filter.all') }, ...STATUSES.map((status) => ({ value: status as string, label: code('status', status) }))];
  return (
    <div className="filters">
      <SelectField label={t('filter.status')} value={value.status as string} options={statuses} onChange={(status) => onChange({ ...value, status: status as PaymentStatus | '' })} />
      <Field label={t('filter.from')} name="from" type="date" value={value.from} onChange={(from) => onChange({ ...value, from })} />
      <Field label={t('filter.to')} name="to" type="date" value={value.to} onChange={(to) => onChange({ ...value, to })} />
    </div>
  );
}
