// Create, copy, replace and revoke the secret URL at which calendar programs read what the customer pays, and when.
import { useId } from 'react';
import { CreateCalendarLinkDocument, type PaymentsQuery, RevokeCalendarLinkDocument } from '../../api/__generated__/graphql.ts';
import type { Complete } from '../../api/complete.ts';
import { useAction } from '../../api/hooks.ts';
import { useTexts } from '../../i18n/index.tsx';
import { useAnnounce } from '../../ui/Announcer.tsx';
import { Button } from '../../ui/Button.tsx';
import { ProblemNotice } from '../../ui/Notice.tsx';
import { Section } from '../../ui/Section.tsx';

type Customer = NonNullable<Complete<PaymentsQuery>['customer']>;

export function Calendar({ calendarUrl: url, calendarLink: link }: Pick<Customer, 'calendarUrl' | 'calendarLink'>) {
  const { t, format } = useTexts();
  const announce = useAnnounce();
  const create = useAction(CreateCalendarLinkDocument, { press: 'CreateCalendarLink' });
  const revoke = useAction(RevokeCalendarLinkDocument, { press: 'RevokeCalendarLink' });
  const isPending = create.isPending || revoke.isPending;
  const make = async () => {
    revoke.reset();
    const { payload, problem } = await create.run({});
    if (payload && !problem) announce(t('calendar.created'));
  };
  const end = async () => {
    create.reset();
    const { payload, problem } = await revoke.run({});
    if (payload && !problem) announce(t('calendar.revoked'));
  };
  return (
    <Section title={t('calendar.title')}>
      <p className="small muted">{t('calendar.detail')}</p>
      {url && <CalendarUrl url={url} />}
      {link && !url && <p className="small">{t('calendar.hidden')}</p>}
      {link && (
        <p className="small muted">
          {t('calendar.since', { date: format.dayOf(link.createdAt) })}{' '}
          {link.lastUsedAt ? t('calendar.used', { date: format.dayOf(link.lastUsedAt) }) : t('calendar.unused')}
        </p>
      )}
      <ProblemNotice problem={create.problem ?? revoke.problem} />
      <div className="buttons">
        <Button isPending={isPending} onPress={() => void make()}>
          {t(link ? 'calendar.replace' : 'calendar.create')}
        </Button>
        {link && (
          <Button variant="quiet" isPending={isPending} onPress={() => void end()}>
            {t('calendar.revoke')}
          </Button>
        )}
      </div>
    </Section>
  );
}

function CalendarUrl({ url }: { url: string }) {
  const { t } = useTexts();
  const announce = useAnnounce();
  const id = useId();
  // Browsers give the clipboard to secure pages only; the address can always be copied from its field.
  const copy = () =>
    Promise.resolve()
      .then(() => navigator.clipboard.writeText(url))
      .then(
        () => announce(t('calendar.copied')),
        () => announce(t('calendar.notCopied')),
      );
  return (
    <>
      <div className="field">
        <label htmlFor={id}>{t('calendar.url')}</label>
        <input id={id} className="input" dir="ltr" readOnly value={url} onFocus={(event) => event.target.select()} />
      </div>
      <div className="buttons">
        <Button variant="primary" onPress={() => void copy()}>
          {t('calendar.copy')}
        </Button>
        <a className="button" data-variant="plain" href={url.replace(/^https?:/, 'webcal:')}>
          {t('calendar.open')}
        </a>
      </div>
    </>
  );
}
