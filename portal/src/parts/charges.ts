// What a charge led to, for every mutation that takes money.
import type { PaymentStatus } from '../api/__generated__/graphql.ts';

export interface ClientAction {
  clientSecret: string;
  publishableKey: string;
}

export interface Charge {
  payment?: { id: string; status: PaymentStatus; declineCode?: string | null } | null;
  clientAction?: ClientAction | null;
}

export interface PendingAction extends ClientAction {
  paymentId: string;
}

// The action at the customer's bank that a charge waits for, or null.
export function pendingActionOf(charge: Charge | null): PendingAction | null {
  const { payment, clientAction } = charge ?? {};
  return payment?.status === 'REQUIRES_ACTION' && clientAction ? { ...clientAction, paymentId: payment.id } : null;
}
