import type { ReactNode } from 'react';
import { useTexts } from '../i18n/index.tsx';
import { Button } from '../ui/Button.tsx';
import type { ActionState } from './actions.ts';

interface ActionButtonProps {
  state: ActionState | null;
  label?: string;
  variant?: 'primary' | 'plain' | 'quiet' | 'danger';
  isPending?: boolean;
  onPress: () => void;
  children: ReactNode;
}

// A button for an action that the gateway allows; where it does not, the reason stands beside it.
export function ActionButton({ state, label, variant, isPending, onPress, children }: ActionButtonProps) {
  const { code } = useTexts();
  if (!state) return null;
  const reason = state.allowed ? null : code('error', state.reason ?? '', state.message ?? '');
  return (
    <span className="action">
      <Button variant={variant} aria-label={label} isDisabled={!state.allowed} isPending={isPending} onPress={onPress}>
        {children}
      </Button>
      {reason && <span className="small muted">{reason}</span>}
    </span>
  );
}
