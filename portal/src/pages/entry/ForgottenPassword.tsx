import { useState } from 'react';
import { Form } from 'react-aria-components';
import { Link } from 'wouter';
import { RequestPasswordResetDocument } from '../../api/__generated__/graphql.ts';
import { useAction } from '../../api/hooks.ts';
import { deviceOf } from '../../api/session.ts';
import { EntryFrame } from '../../app/Frame.tsx';
import { useTexts } from '../../i18n/index.tsx';
import { Button } from '../../ui/Button.tsx';
import { Field } from '../../ui/Field.tsx';
import { Notice, ProblemNotice } from '../../ui/Notice.tsx';
import { EntryCard } from './EntryCard.tsx';

export default function ForgottenPassword() {
  const { t } = useTexts();
  const [email, setEmail] = useState('');
  const [isSent, setSent] = useState(false);
  const { run, isPending, problem } = useAction(RequestPasswordResetDocument, { isPublic: true });
  const submit = async () => {
    const { payload } = await run({ email, device: deviceOf(email) });
    setSent(Boolean(payload?.done));
  };
  return (
    <EntryFrame>
      <EntryCard title={t('forgotten.title')} detail={t('forgotten.detail')}>
        {isSent ? (
          <Notice tone="good">
            <p>{t('forgotten.sent', { email })}</p>
          </Notice>
        ) : (
          <Form
            className="form"
            onSubmit={(event) => {
              event.preventDefault();
              void submit();
            }}
          >
            <ProblemNotice problem={problem} />
            <Field label={t('field.email')} name="email" type="email" autoComplete="username" value={email} onChange={setEmail} isRequired />
            <Button type="submit" variant="primary" isPending={isPending}>
              {t('forgotten.submit')}
            </Button>
          </Form>
        )}
        <p>
          <Link href="/sign-in">{t('signIn.back')}</Link>
        </p>
      </EntryCard>
    </EntryFrame>
  );
}
