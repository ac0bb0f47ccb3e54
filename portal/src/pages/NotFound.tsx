import { useTexts } from '../i18n/index.tsx';
import { ButtonLink } from '../ui/Button.tsx';
import { Page } from '../ui/Page.tsx';

export default function NotFound() {
  const { t } = useTexts();
  return (
    <Page title={t('notFound.title')} detail={t('notFound.detail')}>
      <div>
        <ButtonLink to="/">{t('nav.summary')}</ButtonLink>
      </div>
    </Page>
  );
}
