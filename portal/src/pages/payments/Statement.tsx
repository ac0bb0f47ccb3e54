// The statement of account for a period that the customer chooses.
import { useState } from 'react';
import { StatementDocument } from '../../api/__generated__/graphql.ts';
import { useTexts } from '../../i18n/index.tsx';
import { useDownload } from '../../parts/download.ts';
import { Button } from '../../ui/Button.tsx';
import { Field } from '../../ui/Field.tsx';
import { ProblemNotice } from '../../ui/Notice.tsx';
import { Section } from '../../ui/Section.tsx';

export function Statement({ currency }: { currency: string }) {
  const { t } = useTexts();
  const [startsOn, setStartsOn] = useState(() => `${new Date().getFullYear()}-01-01`);
  const [endsOn, setEndsOn] = useState(() => new Date().toISOString().slice(0, 10));
  const period = { currency, startsOn, endsOn };
  const pdf = useDownload(StatementDocument, period, ({ customer }) => customer?.statement?.pdfUrl);
  const csv = useDownload(StatementDocument, period, ({ customer }) => customer?.statement?.csvUrl);
  return (
    <Section title={t('statement.title')}>
      <div className="filters">
        <Field label={t('filter.from')} name="startsOn" type="date" value={startsOn} onChange={setStartsOn} />
        <Field label={t('filter.to')} name="endsOn" type="date" value={endsOn} onChange={setEndsOn} />
      </div>
      <ProblemNotice problem={pdf.problem ?? csv.problem} />
      <div className="buttons">
        <Button isPending={pdf.isPending} onPress={() => void pdf.start()}>
          {t('statement.pdf')}
        </Button>
        <Button isPending={csv.isPending} onPress={() => void csv.start()}>
          {t('statement.csv')}
        </Button>
      </div>
    </Section>
  );
}
