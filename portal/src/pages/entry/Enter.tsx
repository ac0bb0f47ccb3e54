import { useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import { RedeemPortalLinkDocument } from '../../api/__generated__/graphql.ts';
import { useAction } from '../../api/hooks.ts';
import { EntryFrame } from '../../app/Frame.tsx';
import { enter } from '../../app/session.ts';
import { useTexts } from '../../i18n/index.tsx';
import { ProblemNotice } from '../../ui/Notice.tsx';
import { EntryCard } from './EntryCard.tsx';
import { pathWithin, takeToken } from './landing.ts';

// Follows a link that the merchant made. A link that was used or has expired leads to the sign-in.
export default function Enter() {
  const { t } = useTexts();
  const [, navigate] = useLocation();
  const [token] = useState(takeToken);
  const { run, problem } = useAction(RedeemPortalLinkDocument, { isPublic: true });
  useEffect(() => {
    const redeem = async () => {
      const { payload, problem: refusal } = token ? await run({ token }) : { payload: null, problem: { code: 'LINK_INVALID' } };
      if (payload?.tokens) enter(payload.tokens);
      if (payload?.tokens) navigate(pathWithin(payload.landing), { replace: true });
      else if (refusal?.code === 'LINK_INVALID') navigate('/sign-in?reason=link-invalid', { replace: true });
    };
    void redeem();
  }, [token, run, navigate]);
  return (
    <EntryFrame>
      <EntryCard title={t('enter.title')}>
        <ProblemNotice problem={problem} />
      </EntryCard>
    </EntryFrame>
  );
}
