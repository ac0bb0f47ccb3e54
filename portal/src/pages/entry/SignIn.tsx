import { Link, Redirect, useLocation, useSearchParams } from 'wouter';
import { usePortal } from '../../app/context.ts';
import { EntryFrame } from '../../app/Frame.tsx';
import { withNotice } from '../../app/notices.ts';
import { enter, useSession } from '../../app/session.ts';
import { useTexts } from '../../i18n/index.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { EntryCard } from './EntryCard.tsx';
import { pathWithin } from './landing.ts';
import { SignInForm } from './SignInForm.tsx';

// Why the customer is here: the word of explanation after a link that was used or has expired, and others.
const REASONS = ['link-invalid', 'password-changed', 'email-changed'] as const;

export default function SignIn() {
  const { t } = useTexts();
  const { demo } = usePortal();
  const session = useSession();
  const [, navigate] = useLocation();
  const [parameters] = useSearchParams();
  const next = pathWithin(parameters.get('next'));
  const reason = REASONS.find((candidate) => candidate === parameters.get('reason'));
  if (session) return <Redirect to={reason === 'link-invalid' ? withNotice(next, reason) : next} replace />;
  return (
    <EntryFrame>
      <EntryCard title={t('signIn.title')}>
        {reason && (
          <Notice tone={reason === 'link-invalid' ? 'warn' : 'good'}>
            <p>{t(`signIn.${reason}`)}</p>
          </Notice>
        )}
        <SignInForm
          onSignedIn={(signedIn) => {
            enter(signedIn);
            navigate(next, { replace: true });
          }}
        >
          <p>
            <Link href="/forgotten-password">{t('signIn.forgotten')}</Link>
          </p>
          {demo.length > 0 && (
            <p>
              <Link href="/demo">{t('demo.link')}</Link>
            </p>
          )}
        </SignInForm>
      </EntryCard>
    </EntryFrame>
  );
}
