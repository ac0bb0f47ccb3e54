// Name, language, time zone and billing address.
import { useEffect, useState } from 'react';
import { Form } from 'react-aria-components';
import { UpdateProfileDocument } from '../../api/__generated__/graphql.ts';
import { useAction } from '../../api/hooks.ts';
import { usePortal } from '../../app/context.ts';
import { useTexts } from '../../i18n/index.tsx';
import { type Language, LANGUAGES, languageOf } from '../../i18n/languages.ts';
import { useAnnounce } from '../../ui/Announcer.tsx';
import { Button } from '../../ui/Button.tsx';
import { Field, SelectField } from '../../ui/Field.tsx';
import { ProblemNotice } from '../../ui/Notice.tsx';
import { Section } from '../../ui/Section.tsx';
import { useCountries } from './countries.ts';
import type { Customer } from './Profile.tsx';

interface Draft {
  name: string;
  companyName: string;
  locale: string;
  timeZone: string;
  line1: string;
  line2: string;
  city: string;
  region: string;
  postalCode: string;
  country: string;
}

const ADDRESS = [
  ['line1', 'address-line1'],
  ['line2', 'address-line2'],
  ['postalCode', 'postal-code'],
  ['city', 'address-level2'],
  ['region', 'address-level1'],
] as const;

export function Contact({ customer }: { customer: Customer }) {
  const { t, choose } = useTexts();
  const { languages } = usePortal();
  const announce = useAnnounce();
  const { draft, change } = useDraft(customer);
  const { run, isPending, problem } = useAction(UpdateProfileDocument);
  const save = async () => {
    const { payload } = await run({ ...inputOf(draft), expectedVersion: customer.version });
    if (!payload?.customer) return;
    announce(t('profile.saved'));
    const language = languageOf(draft.locale, languages);
    if (language && draft.locale !== customer.locale) await choose(language);
  };
  return (
    <Section title={t('profile.contact')}>
      <Form
        className="form"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <ProblemNotice problem={problem} />
        <Field label={t('field.name')} name="name" autoComplete="name" value={draft.name} onChange={(name) => change({ name })} isRequired />
        <Field label={t('field.companyName')} name="companyName" autoComplete="organization" value={draft.companyName} onChange={(companyName) => change({ companyName })} />
        <Locale draft={draft} customer={customer} onChange={change} />
        {ADDRESS.map(([name, autoComplete]) => (
          <Field key={name} label={t(`field.${name}`)} name={name} autoComplete={autoComplete} value={draft[name]} onChange={(value) => change({ [name]: value })} />
        ))}
        <Country value={draft.country} onChange={(country) => change({ country })} />
        <div>
          <Button type="submit" variant="primary" isPending={isPending}>
            {t('save')}
          </Button>
        </div>
      </Form>
    </Section>
  );
}

// What the form shows: what was typed, and in the other fields the customer as they are now. So a change that is made elsewhere
// meanwhile is neither hidden nor undone by saving.
function useDraft(customer: Customer) {
  const [typed, setTyped] = useState<Partial<Draft>>({});
  const stored = draftOf(customer);
  useEffect(() => setTyped((before) => differing(before, stored)), [customer.version]);
  return { draft: { ...stored, ...typed }, change: (changed: Partial<Draft>) => setTyped({ ...typed, ...changed }) };
}

// The fields that are not as they are stored.
function differing(typed: Partial<Draft>, stored: Draft): Partial<Draft> {
  return Object.fromEntries(Object.entries(typed).filter(([name, value]) => value !== stored[name as keyof Draft]));
}

interface LocaleProps {
  draft: Draft;
  customer: Customer;
  onChange: (changed: Partial<Draft>) => void;
}

function Locale({ draft, customer, onChange }: LocaleProps) {
  const { t } = useTexts();
  const { languages } = usePortal();
  // The customer's own locale, such as en-GB, stays while its language does.
  const localeOf = (language: Language) => (languageOf(customer.locale, languages) === language ? customer.locale : language);
  const options = languages.map((language) => ({ value: localeOf(language) as string, label: LANGUAGES[language] as string }));
  if (!languageOf(customer.locale, languages)) options.unshift({ value: customer.locale, label: customer.locale });
  const zones = [...new Set([customer.timeZone, 'UTC', ...Intl.supportedValuesOf('timeZone')])].map((zone) => ({ value: zone, label: zone.replaceAll('_', ' ') }));
  return (
    <>
      <SelectField label={t('foot.language')} value={draft.locale} options={options} onChange={(locale) => onChange({ locale })} />
      <SelectField label={t('field.timeZone')} value={draft.timeZone} options={zones} onChange={(timeZone) => onChange({ timeZone })} />
    </>
  );
}

function Country({ value, onChange }: { value: string; onChange: (country: string) => void }) {
  const { t } = useTexts();
  const options = [{ value: '', label: '–' }, ...useCountries()];
  return <SelectField label={t('field.country')} value={value} options={options} onChange={onChange} />;
}

function draftOf(customer: Customer): Draft {
  const { billingAddress: address } = customer;
  return {
    name: customer.name,
    companyName: customer.companyName ?? '',
    locale: customer.locale,
    timeZone: customer.timeZone,
    line1: address?.line1 ?? '',
    line2: address?.line2 ?? '',
    city: address?.city ?? '',
    region: address?.region ?? '',
    postalCode: address?.postalCode ?? '',
    country: address?.country ?? '',
  };
}

// Without a line and a country there is no address.
function inputOf({ name, companyName, locale, timeZone, line1, line2, city, region, postalCode, country }: Draft) {
  const optional = { line2: line2 || null, city: city || null, region: region || null, postalCode: postalCode || null };
  const billingAddress = line1 || country ? { line1, country, ...optional } : null;
  return { name, companyName: companyName || null, locale, timeZone, billingAddress };
}
