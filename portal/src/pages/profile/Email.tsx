import { useState } from 'react';
import { Form } from 'react-aria-components';
import { RequestEmailChangeDocument } from '../../api/__generated__/graphql.ts';
import { useAction } from '../../api/hooks.ts';
import { useTexts } from '../../i18n/index.tsx';
import { Button } from '../../ui/Button.tsx';
import { Field } from '../../ui/Field.tsx';
import { Notice, ProblemNotice } from '../../ui/Notice.tsx';
import { Section } from '../../ui/Section.tsx';
import type { Customer } from './Profile.tsx';

// The new address counts once the link in the letter to it is followed.
export function Email({ customer }: { customer: Customer }) {
  const { t } = useTexts();
  const [email, setEmail] = useState('');
  const [sentTo, setSentTo] = useState('');
  const { run, isPending, problem } = useAction(RequestEmailChangeDocument);
  const request = async () => {
    const { payload } = await run({ newEmail: email });
    setSentTo(payload?.done ? email : '');
  };
  return (
    <Section title={t('field.email')}>
      <p>{t('profile.email', { email: customer.email })}</p>
      <Form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void request();
        }}
      >
        <ProblemNotice problem={problem} />
        {sentTo && (
          <Notice tone="good">
            <p>{t('profile.emailSent', { email: sentTo })}</p>
          </Notice>
        )}
        <Field label={t('field.newEmail')} name="email" type="email" autoComplete="email" value={email} onChange={setEmail} isRequired />
        <div>
          <Button type="submit" isPending={isPending}>
            {t('profile.changeEmail')}
          </Button>
        </div>
      </Form>
    </Section>
  );
}
