// Stripe's own form. Its script is loaded when this part is, and only where the gateway's processor is Stripe.
import { loadStripe } from '@stripe/stripe-js/pure';
import type { Stripe, StripeElements } from '@stripe/stripe-js';
import { useEffect, useRef, useState } from 'react';
import { useTexts } from '../i18n/index.tsx';
import { Button } from '../ui/Button.tsx';
import { Notice } from '../ui/Notice.tsx';

interface Setup {
  reference: string;
  action: { clientSecret: string; publishableKey: string };
}

interface StripeFormProps {
  begin: () => Promise<Setup | null>;
  onConfirmed: (reference: string) => Promise<void>;
}

interface Mounted {
  stripe: Stripe;
  elements: StripeElements;
  reference: string;
}

export default function StripeForm({ begin, onConfirmed }: StripeFormProps) {
  const { t } = useTexts();
  const place = useRef<HTMLDivElement>(null);
  const mounted = useRef<Mounted | null>(null);
  const [message, setMessage] = useState<string | null>(null);
  useEffect(() => {
    void mount(begin, place.current).then((form) => {
      mounted.current = form;
    });
    // The form is started once, when it comes into view.
  }, []);
  const confirm = async () => {
    if (!mounted.current) return;
    const { stripe, elements, reference } = mounted.current;
    const { error } = await stripe.confirmSetup({ elements, redirect: 'if_required' });
    setMessage(error?.message ?? null);
    if (!error) await onConfirmed(reference);
  };
  return (
    <>
      {message && (
        <Notice tone="danger">
          <p>{message}</p>
        </Notice>
      )}
      <div ref={place} />
      <div>
        <Button variant="primary" onPress={() => void confirm()}>
          {t('methods.add')}
        </Button>
      </div>
    </>
  );
}

async function mount(begin: StripeFormProps['begin'], place: HTMLElement | null): Promise<Mounted | null> {
  const setup = await begin();
  const stripe = setup && (await loadStripe(setup.action.publishableKey));
  if (!stripe || !place) return null;
  const elements = stripe.elements({ clientSecret: setup.action.clientSecret });
  elements.create('payment').mount(place);
  return { stripe, elements, reference: setup.reference };
}
