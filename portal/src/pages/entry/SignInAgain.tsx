// The session ended under an open page: the customer signs in over it, and what was typed stays.
import { subjectOf } from '../../api/session.ts';
import { enter, leave, useSession } from '../../app/session.ts';
import { useTexts } from '../../i18n/index.tsx';
import { Button } from '../../ui/Button.tsx';
import { Modal } from '../../ui/Modal.tsx';
import { SignInForm } from './SignInForm.tsx';

export default function SignInAgain({ subject }: { subject: string }) {
  const { t } = useTexts();
  const session = useSession();
  return (
    <Modal title={t('signIn.again')} isOpen={!session}>
      <p className="muted">{t('signIn.againDetail')}</p>
      <SignInForm
        onSignedIn={(signedIn) => {
          const isSame = subjectOf(signedIn) === subject;
          enter(signedIn);
          // The page in view is another customer's.
          if (!isSame) location.assign('/');
        }}
      >
        <Button variant="quiet" onPress={() => leave()}>
          {t('signIn.leave')}
        </Button>
      </SignInForm>
    </Modal>
  );
}
