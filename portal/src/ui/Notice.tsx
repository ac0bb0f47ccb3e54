import type { ReactNode } from 'react';
import type { Problem } from '../api/problems.ts';
import { useTexts } from '../i18n/index.tsx';
import { Button } from './Button.tsx';

type Tone = 'calm' | 'good' | 'warn' | 'danger';

export function Notice({ tone = 'calm', children }: { tone?: Tone; children: ReactNode }) {
  return (
    <div className="notice" data-tone={tone} role={tone === 'danger' ? 'alert' : 'status'}>
      {children}
    </div>
  );
}

interface ProblemNoticeProps {
  problem: Problem | null;
  onRetry?: () => void;
}

// Why something was not done, and what helps.
export function ProblemNotice({ problem, onRetry }: ProblemNoticeProps) {
  const { t } = useTexts();
  const text = useProblemText();
  if (!problem) return null;
  return (
    <Notice tone="danger">
      <p>{text(problem)}</p>
      {problem.reference && problem.code === 'UNEXPECTED' && <p className="small">{t('problem.reference', { reference: problem.reference })}</p>}
      {onRetry && (
        <div>
          <Button onPress={onRetry}>{t('retry')}</Button>
        </div>
      )}
    </Notice>
  );
}

export function useProblemText(): (problem: Problem) => string {
  const { t, code } = useTexts();
  return (problem) => {
    if (problem.code === 'THROTTLED') return t('error.THROTTLED', { minutes: Math.ceil((problem.retryAfterSeconds ?? 60) / 60) });
    return code('error', problem.code, problem.message || t('error.UNEXPECTED'));
  };
}
