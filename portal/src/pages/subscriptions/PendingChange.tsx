import type { PendingChangeKind } from '../../api/__generated__/graphql.ts';
import { useTexts } from '../../i18n/index.tsx';

interface PendingChangeProps {
  change?: { kind: PendingChangeKind; effectiveAt: string; plan?: { name: string } | null } | null;
}

// What will happen to a subscription, and when.
export function PendingChange({ change }: PendingChangeProps) {
  const { t, format } = useTexts();
  if (!change) return null;
  return <p>{t(`pending.${change.kind}`, { date: format.dayOf(change.effectiveAt), plan: change.plan?.name ?? '' })}</p>;
}
