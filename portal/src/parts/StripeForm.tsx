// Stripe's own form. Its script is loaded when this part is, and only where the gateway's processor is Stripe.
import { loadStripe } from '@stripe/stripe-js/pure';
import type { Stripe, StripeElements, StripePaymentElement } from '@stripe/stripe-js';
import { useEffect, useRef, useState } from 'react';
import { OFFLINE, type Problem } from '../api/problems.ts';
import { useTexts } from '../i18n/index.tsx';
import { Button } from '../ui/Button.tsx';
import { ProblemNotice } from '../ui/Notice.tsx';

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
  element: StripePaymentElement;
  reference: string;
}

export default function StripeForm({ begin, onConfirmed }: StripeFormProps) {
  const { t } = useTexts();
  const place = useRef<HTMLDivElement>(null);
  const [mounted, setMounted] = useState<Mounted | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isPending, setPending] = useState(false);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let isGone = false;
    let form: Mounted | null = null;
    setProblem(null);
    setMounted(null);
    void mount(begin, place.current).then(
      (made) => {
        form = made;
        if (isGone) made?.element.destroy();
        else setMounted(made);
      },
      () => isGone || setProblem(OFFLINE),
    );
    return () => {
      isGone = true;
      form?.element.destroy();
    };
    // The form is started when it comes into view, and again after Stripe could not be reached.
  }, [attempt]);
  const confirm = async ({ stripe, elements, reference }: Mounted) => {
    setPending(true);
    setProblem(null);
    try {
      const { error } = await stripe.confirmSetup({ elements, redirect: 'if_required' });
      if (error) setProblem({ ...OFFLINE, code: 'STRIPE', message: error.message ?? '' });
      else await onConfirmed(reference);
    } catch {
      setProblem(OFFLINE);
    } finally {
      setPending(false);
    }
  };
  return (
    <>
      <ProblemNotice problem={problem} onRetry={mounted ? undefined : () => setAttempt(attempt + 1)} />
      <div ref={place} />
      <div>
        <Button variant="primary" isPending={isPending} isDisabled={!mounted} onPress={() => mounted && void confirm(mounted)}>
          {t('methods.add')}
        </Button>
      </div>
    </>
  );
}

// The setup of the gateway, with Stripe's form in its place. Rejects where Stripe cannot be reached.
async function mount(begin: StripeFormProps['begin'], place: HTMLElement | null): Promise<Mounted | null> {
  const setup = await begin();
  const stripe = setup && (await loadStripe(setup.action.publishableKey));
  if (!stripe || !place) return null;
  const elements = stripe.elements({ clientSecret: setup.action.clientSecret });
  const element = elements.create('payment');
  element.mount(place);
  return { stripe, elements, element, reference: setup.reference };
}
