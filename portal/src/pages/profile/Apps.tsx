import { type AccountQuery, RevokeGrantDocument } from '../../api/__generated__/graphql.ts';
import type { Complete } from '../../api/complete.ts';
import { useAction } from '../../api/hooks.ts';
import { useTexts } from '../../i18n/index.tsx';
import { useAnnounce } from '../../ui/Announcer.tsx';
import { Button } from '../../ui/Button.tsx';
import { ProblemNotice } from '../../ui/Notice.tsx';
import { Empty, Section } from '../../ui/Section.tsx';

type Grant = NonNullable<Complete<AccountQuery>['grants']>['nodes'][number];

// Apps of others that may act for the customer.
export function Apps({ grants }: { grants: readonly Grant[] }) {
  const { t } = useTexts();
  return (
    <Section title={t('apps.title')}>
      {grants.length === 0 && <Empty>{t('apps.none')}</Empty>}
      <ul className="rows">
        {grants.map((grant) => (
          <AppRow key={grant.id} grant={grant} />
        ))}
      </ul>
    </Section>
  );
}

function AppRow({ grant }: { grant: Grant }) {
  const { t, format } = useTexts();
  const announce = useAnnounce();
  const { run, isPending, problem } = useAction(RevokeGrantDocument);
  const revoke = async () => {
    const { payload } = await run({ grantId: grant.id });
    if (payload?.revokedGrantId) announce(t('apps.revoked', { name: grant.clientName }));
  };
  return (
    <li>
      <div className="row-text">
        <p className="row-title" dir="auto">
          {grant.clientName}
        </p>
        <p className="small muted">{t('apps.detail', { date: format.dayOf(grant.createdAt), scopes: grant.scopes.join(', ') })}</p>
        <ProblemNotice problem={problem} />
      </div>
      <Button aria-label={t('apps.revokeOf', { name: grant.clientName })} isPending={isPending} onPress={() => void revoke()}>
        {t('apps.revoke')}
      </Button>
    </li>
  );
}
