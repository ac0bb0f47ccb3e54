// The choices of each action.
import type { SubscriptionQuery } from '../../api/__generated__/graphql.ts';
import type { Complete } from '../../api/complete.ts';
import type { NodeWith } from '../../api/nodes.ts';
import { useTexts } from '../../i18n/index.tsx';
import { useIsOffered } from '../../parts/actions.ts';
import { Button } from '../../ui/Button.tsx';
import { Choices as ChoiceList } from '../../ui/Choices.tsx';
import { Field, SelectField } from '../../ui/Field.tsx';
import { type ActionName, type Choices, REASONS } from './actions.ts';
import { usePriceText } from './prices.ts';

export type RetentionOffer = NodeWith<Complete<SubscriptionQuery>['node'], 'cancellationOptions'>['cancellationOptions'][number];

// What the forms offer: the merchant's plans, and what it offers to customers who cancel.
export interface Offers {
  plans: NonNullable<Complete<SubscriptionQuery>['plans']>['nodes'];
  currency: string;
  currentPriceId: string | null;
  retention: readonly RetentionOffer[];
}

interface FormProps {
  action: ActionName;
  choices: Choices;
  offers: Offers;
  onChange: (changed: Choices) => void;
  onSwitch?: (action: ActionName, choices: Choices) => void;
}

export function ChangeForm(props: FormProps) {
  switch (props.action) {
    case 'CHANGE_PLAN':
      return (
        <>
          <PlanChoice {...props} />
          <ChangeTime {...props} />
        </>
      );
    case 'ADD_PLAN':
      return (
        <>
          <PlanChoice {...props} />
          <Quantity {...props} />
          <CouponCode {...props} />
        </>
      );
    case 'UPDATE_QUANTITY':
      return (
        <>
          <Quantity {...props} />
          <ChangeTime {...props} />
        </>
      );
    case 'APPLY_COUPON':
      return <Code {...props} />;
    case 'PAUSE':
      return <PauseForm {...props} />;
    case 'CANCEL':
      return <CancelForm {...props} />;
    default:
      return null;
  }
}

function PlanChoice({ choices, offers, onChange }: FormProps) {
  const { t } = useTexts();
  const priceText = usePriceText();
  const isOffered = (price: { id: string; unitAmount: { currency: string } }) => price.id !== offers.currentPriceId && price.unitAmount.currency === offers.currency;
  const options = offers.plans.flatMap((plan) =>
    plan.prices.filter(isOffered).map((price) => ({ value: price.id, label: plan.name, detail: priceText(price) })),
  );
  if (options.length === 0) return <p className="empty">{t('change.noPlan')}</p>;
  return <ChoiceList legend={t('change.plan')} name="price" value={choices.priceId ?? null} options={options} onChange={(priceId) => onChange({ priceId })} />;
}

function ChangeTime({ choices, onChange }: FormProps) {
  const { t } = useTexts();
  const options = (['POLICY', 'NOW', 'PERIOD_END'] as const).map((value) => ({ value, label: t(`when.${value}`) }));
  return <SelectField label={t('when.label')} value={choices.when ?? 'POLICY'} options={options} onChange={(when) => onChange({ when })} />;
}

function Quantity({ choices, onChange }: FormProps) {
  const { t } = useTexts();
  const text = choices.quantity === undefined ? '' : String(choices.quantity);
  return (
    <Field
      label={t('field.quantity')}
      name="quantity"
      type="number"
      min={1}
      value={text}
      onChange={(value) => onChange({ quantity: Number.parseInt(value, 10) || undefined })}
    />
  );
}

function Code({ choices, onChange }: FormProps) {
  const { t } = useTexts();
  return <Field label={t('field.coupon')} name="code" autoComplete="off" maxLength={60} value={choices.code ?? ''} onChange={(code) => onChange({ code: code || undefined })} />;
}

function CouponCode({ choices, onChange }: FormProps) {
  const { t } = useTexts();
  return (
    <Field
      label={t('field.couponOptional')}
      name="couponCode"
      autoComplete="off"
      maxLength={60}
      value={choices.couponCode ?? ''}
      onChange={(couponCode) => onChange({ couponCode: couponCode || undefined })}
    />
  );
}

function PauseForm({ choices, onChange }: FormProps) {
  const { t } = useTexts();
  const options = (['PERIOD_END', 'NOW'] as const).map((value) => ({ value, label: t(`when.${value}`) }));
  return (
    <>
      <ChoiceList legend={t('when.label')} name="when" value={choices.when ?? 'PERIOD_END'} options={options} onChange={(when) => onChange({ when })} />
      <Field
        label={t('field.resumesOn')}
        name="resumesOn"
        type="date"
        hint={t('field.resumesOnHint')}
        value={choices.resumesAt?.slice(0, 10) ?? ''}
        onChange={(day) => onChange({ resumesAt: day ? `${day}T12:00:00Z` : undefined })}
      />
    </>
  );
}

function CancelForm({ choices, offers, onChange, onSwitch }: FormProps) {
  const { t } = useTexts();
  const times = (['PERIOD_END', 'NOW'] as const).map((value) => ({ value, label: t(`when.${value}`) }));
  const reasons = [{ value: '', label: t('reason.none') }, ...REASONS.map((value) => ({ value: value as string, label: t(`reason.${value}`) }))];
  return (
    <>
      {onSwitch && <RetentionOffers offers={offers.retention} onSwitch={onSwitch} />}
      <ChoiceList legend={t('when.label')} name="when" value={choices.when ?? 'PERIOD_END'} options={times} onChange={(when) => onChange({ when })} />
      <SelectField label={t('reason.label')} value={choices.reason ?? ''} options={reasons} onChange={(reason) => onChange({ reason: (reason || undefined) as Choices['reason'] })} />
      <Field label={t('field.comment')} name="comment" maxLength={500} value={choices.comment ?? ''} onChange={(comment) => onChange({ comment: comment || undefined })} />
    </>
  );
}

// The action by which an offer is accepted, and its choices.
function acceptanceOf({ kind, price, couponCode }: RetentionOffer): [ActionName, Choices] {
  if (kind === 'PAUSE') return ['PAUSE', {}];
  return kind === 'DOWNGRADE' ? ['CHANGE_PLAN', { priceId: price?.id }] : ['APPLY_COUPON', { code: couponCode ?? undefined }];
}

// What the merchant offers instead: a pause, a smaller plan, a coupon.
function RetentionOffers({ offers, onSwitch }: { offers: readonly RetentionOffer[]; onSwitch: NonNullable<FormProps['onSwitch']> }) {
  const { t } = useTexts();
  const isOffered = useIsOffered();
  const acceptable = offers.filter((offer) => isOffered(acceptanceOf(offer)[0]));
  if (acceptable.length === 0) return null;
  return (
    <section aria-label={t('retention.title')}>
      <h3>{t('retention.title')}</h3>
      <ul className="rows">
        {acceptable.map((offer, index) => (
          <li key={index}>
            <p className="row-text" dir="auto">
              {offer.headline}
            </p>
            <Button onPress={() => onSwitch(...acceptanceOf(offer))}>{t(`retention.${offer.kind}`)}</Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
