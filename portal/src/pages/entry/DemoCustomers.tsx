// Of the demo only: one of its customers is chosen, and signed in by one click.
import { useLocation } from 'wouter';
import { SignInDocument } from '../../api/__generated__/graphql.ts';
import { useAction } from '../../api/hooks.ts';
import { deviceOf, rememberDevice } from '../../api/session.ts';
import { usePortal } from '../../app/context.ts';
import { EntryFrame } from '../../app/Frame.tsx';
import { enter, useSession } from '../../app/session.ts';
import type { DemoCustomer } from '../../brand/portal.ts';
import { useTexts } from '../../i18n/index.tsx';
import { Button } from '../../ui/Button.tsx';
import { ProblemNotice } from '../../ui/Notice.tsx';
import { EntryCard } from './EntryCard.tsx';

export default function DemoCustomers() {
  const { t } = useTexts();
  const { demo } = usePortal();
  const session = useSession();
  const [, navigate] = useLocation();
  const { run, isPending, problem } = useAction(SignInDocument, { isPublic: true });
  const choose = async ({ email, password }: DemoCustomer) => {
    const { payload } = await run({ email, password, device: deviceOf(email) });
    rememberDevice(email, payload?.device);
    if (!payload?.tokens) return;
    enter(payload.tokens);
    navigate('/');
  };
  return (
    <EntryFrame>
      <EntryCard title={t('demo.title')} detail={t('demo.detail')} isWide>
        <ProblemNotice problem={problem} />
        <ul className="rows" aria-busy={isPending}>
          {demo.map((customer) => (
            <li key={customer.email}>
              <div className="row-text">
                <h2 className="row-title" dir="auto">
                  {customer.name}
                </h2>
                <p className="small muted" lang="en">
                  {customer.about}
                </p>
              </div>
              <Button aria-label={t('demo.signInAs', { name: customer.name })} onPress={() => void choose(customer)}>
                {t('signIn.submit')}
              </Button>
            </li>
          ))}
        </ul>
        {session && <p className="small muted">{t('demo.replaces')}</p>}
      </EntryCard>
    </EntryFrame>
  );
}
