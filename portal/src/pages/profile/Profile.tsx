import { useEffect } from 'react';
import { AccountDocument, type AccountQuery } from '../../api/__generated__/graphql.ts';
import type { Complete } from '../../api/complete.ts';
import { usePageQuery } from '../../api/hooks.ts';
import { usePortal } from '../../app/context.ts';
import { useTexts } from '../../i18n/index.tsx';
import { hasStoredLanguage, languageOf } from '../../i18n/languages.ts';
import { Notice } from '../../ui/Notice.tsx';
import { Loaded, Page } from '../../ui/Page.tsx';
import { Apps } from './Apps.tsx';
import { Contact } from './Contact.tsx';
import { Email } from './Email.tsx';
import { MyData } from './MyData.tsx';
import { Password } from './Password.tsx';
import { Sessions } from './Sessions.tsx';

export type Customer = NonNullable<Complete<AccountQuery>['customer']>;

export default function Profile() {
  const { t } = useTexts();
  const query = usePageQuery(AccountDocument, {});
  return (
    <Loaded title={t('nav.profile')} query={query}>
      {({ customer, viewer, sessions, grants }) =>
        customer && (
          <Page title={t('nav.profile')}>
            <ProfileLanguage locale={customer.locale} />
            {viewer.needsSignIn && (
              <Notice tone="warn">
                <p>{t('profile.needsSignIn')}</p>
              </Notice>
            )}
            <div className="columns">
              <Contact customer={customer} />
              <div className="stack">
                <Email customer={customer} />
                <Password />
                <Sessions sessions={sessions?.nodes ?? []} />
                <Apps grants={grants?.nodes ?? []} />
                <MyData dataExport={customer.dataExport} needsSignIn={viewer.needsSignIn} reload={query.reload} />
              </div>
            </div>
          </Page>
        )
      }
    </Loaded>
  );
}

// The language of the profile, as long as the customer has chosen none in this browser.
function ProfileLanguage({ locale }: { locale: string }) {
  const { language, choose } = useTexts();
  const { languages } = usePortal();
  const wanted = languageOf(locale, languages);
  useEffect(() => {
    if (wanted && wanted !== language && !hasStoredLanguage()) void choose(wanted);
    // Once for each visit of the page: a later choice counts.
  }, []);
  return null;
}
