// One change of a subscription, from the choices over the preview to its effect.
import { useEffect, useRef, useState } from 'react';
import { type Action, type Outcome, useAction } from '../../api/hooks.ts';
import type { Charge } from '../../parts/charges.ts';
import { ACTIONS, type ActionName, type Choices, type Preview } from './actions.ts';

// The customer may still be typing.
const TYPING_MILLISECONDS = 350;
// A refusal after which the next preview may be confirmed.
const OUTDATED = new Set(['PREVIEW_EXPIRED', 'VERSION_CONFLICT']);

export interface Target {
  id: string;
  version: number;
}

interface Change {
  preview: Preview | null;
  isLoading: boolean;
  problem: Action<unknown, unknown>['problem'];
  isPending: boolean;
  confirm: () => Promise<Outcome<Charge>>;
  // Ask for a preview again that did not come.
  retry: (() => void) | undefined;
}

export function useChange(name: ActionName, target: Target | null, choices: Choices): Change {
  const { preview: previewDocument, mutation, needs } = ACTIONS[name];
  const ask = useAction(previewDocument, { isRead: true });
  const act = useAction(mutation, { press: name });
  const [preview, setPreview] = useState<Preview | null>(null);
  const [round, setRound] = useState(0);
  const isReady = needs.every((choice) => Boolean(choices[choice]));
  // After a press without an answer the page may show its effect already. Its preview stays, so that it can be pressed again.
  const unanswered = useRef<{ choices: Choices; text: string }>(undefined);
  const subject = target ? { subscriptionId: target.id, expectedVersion: target.version } : {};
  const text = unanswered.current?.choices === choices ? unanswered.current.text : JSON.stringify({ ...subject, ...choices });
  useEffect(() => {
    setPreview(null);
    if (!isReady) return undefined;
    let isCurrent = true;
    const timer = setTimeout(async () => {
      const { payload } = await ask.run(JSON.parse(text) as Choices);
      if (isCurrent) setPreview(payload?.preview ?? null);
    }, TYPING_MILLISECONDS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
    // `ask.run` is the same for the same action.
  }, [text, isReady, round]);
  const confirm = async () => {
    const outcome = await act.run({ ...(JSON.parse(text) as Choices), previewToken: preview?.previewToken });
    unanswered.current = outcome.payload ? undefined : { choices, text };
    if (outcome.problem && OUTDATED.has(outcome.problem.code)) setRound(round + 1);
    return outcome;
  };
  const isLost = isReady && !preview && ask.problem !== null && ask.problem.refusals.length === 0;
  const retry = isLost ? () => setRound(round + 1) : undefined;
  return { preview, retry, isLoading: ask.isPending, problem: act.problem ?? ask.problem, isPending: act.isPending, confirm };
}
