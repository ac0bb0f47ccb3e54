import type { Action, ErrorCode } from '../api/__generated__/graphql.ts';
import { usePortal } from '../app/context.ts';

export interface ActionState {
  action: Action;
  allowed: boolean;
  reason?: ErrorCode | null;
  message?: string | null;
}

// The state of an action of a thing, as the gateway says it. Null where the merchant does not offer it here.
export function useActionState(): (states: readonly ActionState[], action: Action, name?: string) => ActionState | null {
  const { hiddenActions } = usePortal();
  return (states, action, name = action) => (hiddenActions.includes(name) ? null : (states.find((state) => state.action === action) ?? null));
}
