import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import { ConfirmEmailChangeDocument } from '../../api/__generated__/graphql.ts';
import { useAction } from '../../api/hooks.ts';
import { EntryFrame } from '../../app/Frame.tsx';
import { withNotice } from '../../app/notices.ts';
import { useSession } from '../../app/session.ts';
import { useTexts } from '../../i18n/index.tsx';
import { Notice, ProblemNotice } from '../../ui/Notice.tsx';
import { EntryCard } from './EntryCard.tsx';
import { useFollowed, useToken } from './landing.ts';

// Confirms a new e-mail address by the link in the letter to it.
export default function ConfirmEmail() {
  const { t } = useTexts();
  const session = useSession();
  const [, navigate] = useLocation();
  const token = useToken();
  const [isDone, setDone] = useState(false);
  const { run, problem } = useAction(ConfirmEmailChangeDocument, { isPublic: true });
  const confirm = async () => {
    const { payload, problem: refusal } = token ? await run({ token }) : { payload: null, problem: { code: 'LINK_INVALID' } };
    if (payload?.done) setDone(true);
    else if (refusal?.code === 'LINK_INVALID') navigate(session ? withNotice('/profile', 'email-not-confirmed') : '/sign-in?reason=link-invalid', { replace: true });
  };
  useFollowed(confirm);
  return (
    <EntryFrame>
      <EntryCard title={t('confirmEmail.title')}>
        <ProblemNotice problem={problem} onRetry={() => void confirm()} />
        {isDone && (
          <Notice tone="good">
            <p>{t('confirmEmail.done')}</p>
          </Notice>
        )}
        {isDone && <Link href={session ? '/profile' : '/sign-in'}>{t('confirmEmail.continue')}</Link>}
      </EntryCard>
    </EntryFrame>
  );
}
