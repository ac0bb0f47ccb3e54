import type { ReactNode } from 'react';
import { useTexts } from '../i18n/index.tsx';

type Tone = 'calm' | 'good' | 'warn' | 'danger';

// The tone of each status of subscriptions, schedules, installments, invoices, payments, refunds and attachments.
const TONES: Record<string, Tone> = {
  ACTIVE: 'good',
  PAID: 'good',
  SUCCEEDED: 'good',
  FINISHED: 'good',
  STORED: 'good',
  TRIALING: 'good',
  PENDING: 'warn',
  DUE: 'warn',
  OPEN: 'warn',
  PARTIALLY_PAID: 'warn',
  PAUSED: 'warn',
  REQUIRES_ACTION: 'warn',
  FAILED: 'danger',
  SUSPENDED: 'danger',
  OVERDUE: 'danger',
  REJECTED: 'danger',
};

export function StatusPill({ status }: { status: string }) {
  const { code } = useTexts();
  return <Pill tone={TONES[status] ?? 'calm'}>{code('status', status)}</Pill>;
}

export function Pill({ tone = 'calm', children }: { tone?: Tone; children: ReactNode }) {
  return (
    <span className="pill" data-tone={tone}>
      {children}
    </span>
  );
}
