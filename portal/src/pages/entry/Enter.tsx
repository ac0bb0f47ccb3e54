import { useLocation } from 'wouter';
import { RedeemPortalLinkDocument } from '../../api/__generated__/graphql.ts';
import { useAction } from '../../api/hooks.ts';
import { usePortal } from '../../app/context.ts';
import { EntryFrame } from '../../app/Frame.tsx';
import { enter } from '../../app/session.ts';
import { useTexts } from '../../i18n/index.tsx';
import { linkedLanguage } from '../../i18n/languages.ts';
import { useAnnounce } from '../../ui/Announcer.tsx';
import { ProblemNotice } from '../../ui/Notice.tsx';
import { EntryCard } from './EntryCard.tsx';
import { pathWithin, useFollowed, useToken } from './landing.ts';

// Follows a link that the merchant made, also where another customer is signed in. A link that was used or has expired leads to the sign-in.
export default function Enter() {
  const { t, choose } = useTexts();
  const { languages } = usePortal();
  const [, navigate] = useLocation();
  const token = useToken();
  const announce = useAnnounce();
  const { run, problem } = useAction(RedeemPortalLinkDocument, { isPublic: true });
  const redeem = async () => {
    const { payload, problem: refusal } = token ? await run({ token }) : { payload: null, problem: { code: 'LINK_INVALID' } };
    if (payload?.tokens) {
      const landing = pathWithin(payload.landing);
      const language = linkedLanguage(new URL(landing, location.origin).search, languages);
      if (language) await choose(language);
      if (enter(payload.tokens)) announce(t('enter.replaced'));
      navigate(landing, { replace: true });
    } else if (refusal?.code === 'LINK_INVALID') navigate('/sign-in?reason=link-invalid', { replace: true });
  };
  useFollowed(redeem);
  return (
    <EntryFrame>
      <EntryCard title={t('enter.title')}>
        <ProblemNotice problem={problem} onRetry={() => void redeem()} />
      </EntryCard>
    </EntryFrame>
  );
}
