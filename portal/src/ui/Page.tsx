// A page of the portal: its heading, which takes the focus after a navigation, and the states of its data.
import { type ReactNode, useEffect, useRef } from 'react';
import { Link } from 'wouter';
import type { Complete } from '../api/complete.ts';
import type { PageQuery } from '../api/hooks.ts';
import { usePortal } from '../app/context.ts';
import { useTexts } from '../i18n/index.tsx';
import { ProblemNotice } from './Notice.tsx';

interface PageProps {
  title: string;
  detail?: ReactNode;
  back?: { to: string; label: string };
  actions?: ReactNode;
  children: ReactNode;
}

// The first page of a visit leaves the focus where the browser puts it.
const firstPath = location.pathname;
let hasNavigated = false;

export function Page({ title, detail, back, actions, children }: PageProps) {
  const heading = useHeading(title);
  return (
    <div className="page">
      <div className="page-head">
        <div>
          {back && (
            <Link href={back.to} className="back">
              {back.label}
            </Link>
          )}
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          {detail && <p className="muted">{detail}</p>}
        </div>
        {actions && <div className="buttons">{actions}</div>}
      </div>
      {children}
    </div>
  );
}

export function useHeading(title: string) {
  const heading = useRef<HTMLHeadingElement>(null);
  const { name } = usePortal();
  useEffect(() => {
    hasNavigated ||= location.pathname !== firstPath;
    if (hasNavigated) heading.current?.focus();
  }, []);
  useEffect(() => {
    document.title = `${title} · ${name}`;
  }, [title, name]);
  return heading;
}

interface LoadedProps<Data> {
  title: string;
  query: PageQuery<Data>;
  children: (data: Complete<Data>) => ReactNode;
}

// The page once its data is there. Data that was there stays in view when asking for it again fails.
export function Loaded<Data>({ title, query, children }: LoadedProps<Data>) {
  if (query.data === undefined)
    return (
      <Page title={title}>{query.problem ? <ProblemNotice problem={query.problem} onRetry={query.reload} /> : <Skeleton />}</Page>
    );
  return (
    <>
      {query.problem && (
        <div className="above">
          <ProblemNotice problem={query.problem} onRetry={query.reload} />
        </div>
      )}
      {children(query.data)}
    </>
  );
}

export function Skeleton() {
  const { t } = useTexts();
  return (
    <div className="skeleton" role="status">
      <span className="visually-hidden">{t('loading')}</span>
      <div />
      <div />
    </div>
  );
}
