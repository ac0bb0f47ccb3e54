import { EndSessionDocument, type AccountQuery } from '../../api/__generated__/graphql.ts';
import type { Complete } from '../../api/complete.ts';
import { useAction } from '../../api/hooks.ts';
import { useTexts } from '../../i18n/index.tsx';
import { useAnnounce } from '../../ui/Announcer.tsx';
import { Button } from '../../ui/Button.tsx';
import { ProblemNotice } from '../../ui/Notice.tsx';
import { Pill } from '../../ui/Pill.tsx';
import { Section } from '../../ui/Section.tsx';

type Session = NonNullable<Complete<AccountQuery>['sessions']>['nodes'][number];

// Where the customer is signed in.
export function Sessions({ sessions }: { sessions: readonly Session[] }) {
  const { t } = useTexts();
  return (
    <Section title={t('sessions.title')}>
      <ul className="rows">
        {sessions.map((session) => (
          <SessionRow key={session.id} session={session} />
        ))}
      </ul>
    </Section>
  );
}

function SessionRow({ session }: { session: Session }) {
  const { t, format } = useTexts();
  const announce = useAnnounce();
  const { run, isPending, problem } = useAction(EndSessionDocument);
  const device = session.userAgent || t('sessions.unknown');
  const end = async () => {
    const { payload } = await run({ sessionId: session.id });
    if (payload?.endedSessionId) announce(t('sessions.ended'));
  };
  return (
    <li>
      <div className="row-text">
        <p className="row-title">
          <bdi className="clamp">{device}</bdi>
          {session.isCurrent && <Pill tone="good">{t('sessions.current')}</Pill>}
        </p>
        <p className="small muted">{t('sessions.detail', { network: session.network, date: format.instant(session.lastUsedAt) })}</p>
        <ProblemNotice problem={problem} />
      </div>
      {!session.isCurrent && (
        <Button aria-label={t('sessions.endOf', { device })} isPending={isPending} onPress={() => void end()}>
          {t('sessions.end')}
        </Button>
      )}
    </li>
  );
}
