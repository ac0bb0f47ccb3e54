import type { Action, ErrorCode } from '../api/__generated__/graphql.ts';
import { usePortal } from '../app/context.ts';

export interface ActionState {
  action: Action;
  allowed: boolean;
  reason?: ErrorCode | null;
  message?: string | null;
}

// Whether the merchant offers an action here, such as ADD_PLAN or DELETE_METHOD.
export function useIsOffered(): (name: string) => boolean {
  const { hiddenActions } = usePortal();
  return (name) => !hiddenActions.includes(name);
}

// The state of an action of a thing, as the gateway says it. Null where the merchant does not offer it here.
export function useActionState(): (states: readonly ActionState[], action: Action, name?: string) => ActionState | null {
  const isOffered = useIsOffered();
  return (states, action, name = action) => (isOffered(name) ? (states.find((state) => state.action === action) ?? null) : null);
}
