import { useEffect } from 'react';
import { InvoiceDownloadDocument } from '../api/__generated__/graphql.ts';
import { useTexts } from '../i18n/index.tsx';
import { useAnnounce } from '../ui/Announcer.tsx';
import { Button } from '../ui/Button.tsx';
import { useProblemText } from '../ui/Notice.tsx';
import { useDownload } from './download.ts';

export function InvoiceDownload({ id, number }: { id: string; number: string }) {
  const { t } = useTexts();
  const announce = useAnnounce();
  const text = useProblemText();
  const { start, isPending, problem } = useDownload(InvoiceDownloadDocument, { id }, ({ node }) => (node && 'document' in node ? node.document?.url : null));
  useEffect(() => {
    if (problem) announce(text(problem));
  }, [problem]);
  return (
    <Button variant="quiet" aria-label={t('download.invoice', { number })} isPending={isPending} onPress={() => void start()}>
      {t('download')}
    </Button>
  );
}
