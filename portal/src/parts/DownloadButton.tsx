import { type ReactNode, useEffect } from 'react';
import { useTexts } from '../i18n/index.tsx';
import { useAnnounce } from '../ui/Announcer.tsx';
import { Button } from '../ui/Button.tsx';
import { useProblemText } from '../ui/Notice.tsx';
import { useDownloadOf } from './download.ts';

interface DownloadButtonProps {
  id: string;
  label: string;
  children: ReactNode;
}

export function DownloadButton({ id, label, children }: DownloadButtonProps) {
  const announce = useAnnounce();
  const text = useProblemText();
  const { start, isPending, problem } = useDownloadOf(id);
  useEffect(() => {
    if (problem) announce(text(problem));
  }, [problem]);
  return (
    <Button variant="quiet" aria-label={label} isPending={isPending} onPress={() => void start()}>
      {children}
    </Button>
  );
}

export function InvoiceDownload({ id, number }: { id: string; number: string }) {
  const { t } = useTexts();
  return (
    <DownloadButton id={id} label={t('download.invoice', { number })}>
      {t('download')}
    </DownloadButton>
  );
}
