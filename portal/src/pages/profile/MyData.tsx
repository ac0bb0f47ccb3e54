// The export of everything that is stored about the customer: requested here, made by the worker, downloaded here.
import { useEffect } from 'react';
import { MyDataDocument, RequestMyDataDocument } from '../../api/__generated__/graphql.ts';
import { useAction } from '../../api/hooks.ts';
import { useTexts } from '../../i18n/index.tsx';
import { useDownload } from '../../parts/download.ts';
import { useAnnounce } from '../../ui/Announcer.tsx';
import { Button } from '../../ui/Button.tsx';
import { Notice, ProblemNotice } from '../../ui/Notice.tsx';
import { Section } from '../../ui/Section.tsx';
import type { Customer } from './Profile.tsx';

type DataExport = NonNullable<Customer['dataExport']>;

const RELOAD_MILLISECONDS = 5000;

interface MyDataProps {
  dataExport: DataExport | null | undefined;
  // Whether the session began with a link that staff have seen.
  needsSignIn: boolean;
  reload: () => void;
}

export function MyData({ dataExport, needsSignIn, reload }: MyDataProps) {
  const { t } = useTexts();
  const isUnderWay = dataExport?.status === 'REQUESTED' || dataExport?.status === 'MAKING';
  useReloadWhile(isUnderWay, reload);
  return (
    <Section title={t('myData.title')}>
      <p className="small muted">{t('myData.detail')}</p>
      {dataExport && <State dataExport={dataExport} />}
      {needsSignIn && <p className="small muted">{t('error.SIGN_IN_REQUIRED')}</p>}
      {dataExport?.status === 'READY' && !needsSignIn && <DownloadMyData />}
      <RequestMyData isUnderWay={isUnderWay} isDisabled={needsSignIn} />
    </Section>
  );
}

// Ask for the page again while the worker makes the export.
function useReloadWhile(isUnderWay: boolean, reload: () => void): void {
  useEffect(() => {
    if (!isUnderWay) return;
    const reloadVisible = () => document.visibilityState === 'visible' && reload();
    const timer = setInterval(reloadVisible, RELOAD_MILLISECONDS);
    return () => clearInterval(timer);
  }, [isUnderWay, reload]);
}

const TONES = { REQUESTED: 'calm', MAKING: 'calm', READY: 'good', FAILED: 'warn', EXPIRED: 'calm' } as const;

// The notice is a live region: a screen reader reads its new text when the export is ready.
function State({ dataExport: { status, requestedAt, expiresAt, sizeBytes, missing } }: { dataExport: DataExport }) {
  const { t, format } = useTexts();
  const values = { requestedAt: format.instant(requestedAt), expiresAt: expiresAt ? format.dayOf(expiresAt) : '', size: format.bytes(sizeBytes ?? 0) };
  return (
    <Notice tone={TONES[status]}>
      <p>{t(`myData.${status}`, values)}</p>
      {missing.length > 0 && (
        <>
          <p>{t('myData.missing', { count: missing.length })}</p>
          <ul>
            {missing.map((name) => (
              <li key={name} className="small">
                <bdi>{name}</bdi>
              </li>
            ))}
          </ul>
        </>
      )}
    </Notice>
  );
}

function DownloadMyData() {
  const { t } = useTexts();
  const { start, isPending, problem } = useDownload(MyDataDocument, {}, ({ customer }) => customer?.dataExport?.downloadUrl);
  return (
    <>
      <ProblemNotice problem={problem} />
      <div>
        <Button variant="primary" isPending={isPending} onPress={() => void start()}>
          {t('myData.download')}
        </Button>
      </div>
    </>
  );
}

// While the export is under way the button stays, so that it does not lose the focus.
function RequestMyData({ isUnderWay, isDisabled }: { isUnderWay: boolean; isDisabled: boolean }) {
  const { t } = useTexts();
  const announce = useAnnounce();
  const { run, isPending, problem } = useAction(RequestMyDataDocument, { press: 'RequestMyData' });
  const request = async () => {
    const { payload } = await run({});
    // A request within a day is answered with the export that is there.
    if (payload?.dataExport) announce(t(payload.dataExport.status === 'READY' ? 'myData.recent' : 'myData.requested'));
  };
  return (
    <>
      <ProblemNotice problem={problem} />
      <div>
        <Button isDisabled={isDisabled} isPending={isPending || isUnderWay} onPress={() => void request()}>
          {t('myData.request')}
        </Button>
      </div>
    </>
  );
}
