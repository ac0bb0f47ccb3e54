import type { ReactNode } from 'react';
import { useHeading } from '../../ui/Page.tsx';

interface EntryCardProps {
  title: string;
  detail?: string;
  isWide?: boolean;
  children: ReactNode;
}

export function EntryCard({ title, detail, isWide, children }: EntryCardProps) {
  const heading = useHeading(title);
  return (
    <div className={`card entry-card${isWide ? ' wide' : ''}`}>
      <div>
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {detail && <p className="muted">{detail}</p>}
      </div>
      {children}
    </div>
  );
}
