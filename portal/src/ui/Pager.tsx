// Ways to the next and the previous page of a list, by cursors.
import { useState } from 'react';
import { useTexts } from '../i18n/index.tsx';
import { Button } from './Button.tsx';

export interface Cursors {
  after: string | null;
  // The cursors of the pages before this one.
  earlier: (string | null)[];
}

const FIRST: Cursors = { after: null, earlier: [] };

export interface Paging {
  cursors: Cursors;
  next: (endCursor: string | null | undefined) => void;
  previous: () => void;
  restart: () => void;
}

export function usePaging(): Paging {
  const [cursors, setCursors] = useState<Cursors>(FIRST);
  return {
    cursors,
    next: (endCursor) => setCursors({ after: endCursor ?? null, earlier: [...cursors.earlier, cursors.after] }),
    previous: () => setCursors({ after: cursors.earlier.at(-1) ?? null, earlier: cursors.earlier.slice(0, -1) }),
    restart: () => setCursors(FIRST),
  };
}

interface PagerProps {
  paging: Paging;
  pageInfo: { hasNextPage: boolean; endCursor?: string | null };
  label: string;
}

export function Pager({ paging, pageInfo, label }: PagerProps) {
  const { t } = useTexts();
  const { earlier } = paging.cursors;
  if (!pageInfo.hasNextPage && earlier.length === 0) return null;
  return (
    <nav className="buttons" aria-label={label}>
      <Button isDisabled={earlier.length === 0} onPress={paging.previous}>
        {t('pager.previous')}
      </Button>
      <span className="muted">{t('pager.page', { number: earlier.length + 1 })}</span>
      <Button isDisabled={!pageInfo.hasNextPage} onPress={() => paging.next(pageInfo.endCursor)}>
        {t('pager.next')}
      </Button>
    </nav>
  );
}
