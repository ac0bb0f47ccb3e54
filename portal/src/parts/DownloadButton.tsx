import { type ReactNode, useEffect } from 'react';
import { InvoiceDownloadDocument } from '../api/__generated__/graphql.ts';
import { nodeWith } from '../api/nodes.ts';
import type { Trusted } from '../api/trusted.ts';
import { useTexts } from '../i18n/index.tsx';
import { useAnnounce } from '../ui/Announcer.tsx';
import { Button } from '../ui/Button.tsx';
import { useProblemText } from '../ui/Notice.tsx';
import { useDownload } from './download.ts';

interface DownloadButtonProps<Data> {
  document: Trusted<Data, { id: string }>;
  id: string;
  label: string;
  urlOf: (data: Data) => string | null | undefined;
  children: ReactNode;
}

export function DownloadButton<Data>({ document, id, label, urlOf, children }: DownloadButtonProps<Data>) {
  const announce = useAnnounce();
  const text = useProblemText();
  const { start, isPending, problem } = useDownload(document, { id }, urlOf);
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
    <DownloadButton document={InvoiceDownloadDocument} id={id} label={t('download.invoice', { number })} urlOf={({ node }) => nodeWith(node, 'document')?.document?.url}>
      {t('download')}
    </DownloadButton>
  );
}
