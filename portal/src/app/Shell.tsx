// What is around every page of a signed-in customer: navigation, language, links of the merchant.
import { type ReactNode, useState } from 'react';
import { Link, useLocation, useSearchParams } from 'wouter';
import { useClient } from 'urql';
import { SignOutDocument } from '../api/__generated__/graphql.ts';
import { trusted } from '../api/trusted.ts';
import { useTexts } from '../i18n/index.tsx';
import { Button } from '../ui/Button.tsx';
import { Notice } from '../ui/Notice.tsx';
import { Brand, Footer } from './Frame.tsx';
import { noticeIn } from './notices.ts';
import { leave } from './session.ts';

const PAGES = [
  { to: '/', id: 'nav.summary' },
  { to: '/subscriptions', id: 'nav.subscriptions' },
  { to: '/schedules', id: 'nav.schedules' },
  { to: '/payments', id: 'nav.payments' },
  { to: '/profile', id: 'nav.profile' },
] as const;

export function Shell({ children }: { children: ReactNode }) {
  const { t } = useTexts();
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {t('nav.skip')}
      </a>
      <header className="top">
        <div className="top-inner">
          <Brand />
          <Navigation />
        </div>
      </header>
      <main id="content" className="main">
        <LinkNotice />
        {children}
      </main>
      <Footer />
    </div>
  );
}

// Why a link did nothing, where the customer is signed in already.
function LinkNotice() {
  const { t } = useTexts();
  const [parameters] = useSearchParams();
  const notice = noticeIn(parameters);
  return (
    notice && (
      <Notice tone="warn">
        <p>{t(`notice.${notice}`)}</p>
      </Notice>
    )
  );
}

function Navigation() {
  const { t } = useTexts();
  const [isOpen, setOpen] = useState(false);
  const [path] = useLocation();
  return (
    <>
      <span className="menu-button">
        <Button variant="quiet" aria-expanded={isOpen} aria-controls="navigation" onPress={() => setOpen(!isOpen)}>
          {t('nav.menu')}
        </Button>
      </span>
      <nav id="navigation" className="nav" aria-label={t('nav.label')} data-open={isOpen || undefined}>
        <ul>
          {PAGES.map(({ to, id }) => (
            <li key={to}>
              <Link href={to} aria-current={isWithin(path, to) ? 'page' : undefined} onClick={() => setOpen(false)}>
                {t(id)}
              </Link>
            </li>
          ))}
        </ul>
        <SignOut />
      </nav>
    </>
  );
}

function SignOut() {
  const { t } = useTexts();
  const client = useClient();
  const [, navigate] = useLocation();
  const signOut = async () => {
    await client.mutation(trusted(SignOutDocument), {}).toPromise();
    leave();
    navigate('/sign-in');
  };
  return (
    <Button variant="quiet" onPress={() => void signOut()}>
      {t('nav.signOut')}
    </Button>
  );
}

function isWithin(path: string, to: string): boolean {
  return path === to || (to !== '/' && path.startsWith(`${to}/`)) || (to === '/payments' && path.startsWith('/invoices'));
}
