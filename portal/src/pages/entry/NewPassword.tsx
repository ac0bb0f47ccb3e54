import { useState } from 'react';
import { Form } from 'react-aria-components';
import { Link, Redirect, useLocation } from 'wouter';
import { ResetPasswordDocument } from '../../api/__generated__/graphql.ts';
import { useAction } from '../../api/hooks.ts';
import { EntryFrame } from '../../app/Frame.tsx';
import { leave } from '../../app/session.ts';
import { useTexts } from '../../i18n/index.tsx';
import { Button } from '../../ui/Button.tsx';
import { Field } from '../../ui/Field.tsx';
import { ProblemNotice } from '../../ui/Notice.tsx';
import { EntryCard } from './EntryCard.tsx';
import { useToken } from './landing.ts';

export default function NewPassword() {
  const { t } = useTexts();
  const [, navigate] = useLocation();
  const token = useToken();
  const [password, setPassword] = useState('');
  const { run, isPending, problem } = useAction(ResetPasswordDocument, { isPublic: true });
  if (!token || problem?.code === 'LINK_INVALID') return <Redirect to="/sign-in?reason=link-invalid" replace />;
  const submit = async () => {
    const { payload } = await run({ token, newPassword: password });
    if (!payload?.done) return;
    leave();
    navigate('/sign-in?reason=password-changed', { replace: true });
  };
  return (
    <EntryFrame>
      <EntryCard title={t('newPassword.title')} detail={t('newPassword.detail')}>
        <Form
          className="form"
          onSubmit={(event) => {
            event.preventDefault();
            void submit();
          }}
        >
          <ProblemNotice problem={problem} />
          <Field label={t('field.newPassword')} name="password" type="password" autoComplete="new-password" hint={t('field.passwordHint')} value={password} onChange={setPassword} isRequired />
          <Button type="submit" variant="primary" isPending={isPending}>
            {t('newPassword.submit')}
          </Button>
        </Form>
        <p>
          <Link href="/sign-in">{t('signIn.back')}</Link>
        </p>
      </EntryCard>
    </EntryFrame>
  );
}
