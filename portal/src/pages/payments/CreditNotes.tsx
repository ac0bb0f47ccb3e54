import type { CreditNoteReason } from '../../api/__generated__/graphql.ts';
import type { Amount } from '../../i18n/format.ts';
import { useTexts } from '../../i18n/index.tsx';
import { Money } from '../../parts/Amounts.tsx';
import { DownloadButton } from '../../parts/DownloadButton.tsx';
import { Section } from '../../ui/Section.tsx';

interface CreditNote {
  id: string;
  number: string;
  reason?: CreditNoteReason;
  issuedAt: string;
  total: Amount;
}

export function CreditNotes({ notes }: { notes: readonly CreditNote[] }) {
  const { t, format, code } = useTexts();
  return (
    <Section title={t('creditNotes.title')}>
      <ul className="rows">
        {notes.map((note) => (
          <li key={note.id}>
            <div className="row-text">
              <p className="row-title">{note.number}</p>
              <p className="small muted">{note.reason ? t('creditNotes.detail', { date: format.dayOf(note.issuedAt), reason: code('creditReason', note.reason) }) : format.dayOf(note.issuedAt)}</p>
            </div>
            <div className="row-end">
              <Money amount={note.total} />
              <DownloadButton id={note.id} label={t('download.creditNote', { number: note.number })}>
                {t('download')}
              </DownloadButton>
            </div>
          </li>
        ))}
      </ul>
    </Section>
  );
}
