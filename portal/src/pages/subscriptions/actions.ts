// What each action on a subscription needs: its preview, its mutation, and the choices of its form.
import {
  AddPlanDocument,
  ApplyCouponDocument,
  type CancelReason,
  CancelSubscriptionDocument,
  ChangePlanDocument,
  type ChangeWhen,
  PauseSubscriptionDocument,
  PreviewAddPlanDocument,
  PreviewApplyCouponDocument,
  PreviewCancelSubscriptionDocument,
  PreviewChangePlanDocument,
  type PreviewChangePlanQuery,
  PreviewPauseSubscriptionDocument,
  PreviewRemoveCouponDocument,
  PreviewResumeSubscriptionDocument,
  PreviewSuspendSubscriptionDocument,
  PreviewUpdateQuantityDocument,
  PreviewWithdrawPendingChangeDocument,
  RemoveCouponDocument,
  ResumeSubscriptionDocument,
  SuspendSubscriptionDocument,
  UpdateQuantityDocument,
  type When,
  WithdrawPendingChangeDocument,
} from '../../api/__generated__/graphql.ts';
import type { Complete } from '../../api/complete.ts';
import type { Refusal } from '../../api/hooks.ts';
import type { Trusted } from '../../api/trusted.ts';
import type { Charge } from '../../parts/charges.ts';

export type ActionName =
  | 'CHANGE_PLAN'
  | 'UPDATE_QUANTITY'
  | 'APPLY_COUPON'
  | 'REMOVE_COUPON'
  | 'PAUSE'
  | 'SUSPEND'
  | 'RESUME'
  | 'WITHDRAW_PENDING_CHANGE'
  | 'CANCEL'
  | 'ADD_PLAN';

export type Preview = NonNullable<NonNullable<Complete<PreviewChangePlanQuery>['previewChangePlan']>['preview']>;

// Everything that a form of one of the actions may have. What is undefined is not sent.
export interface Choices {
  when?: When | ChangeWhen;
  resumesAt?: string;
  reason?: CancelReason;
  comment?: string;
  priceId?: string;
  quantity?: number;
  code?: string;
  couponCode?: string;
}

export interface ActionInput extends Choices {
  subscriptionId?: string;
  expectedVersion?: number;
  previewToken?: string;
  idempotencyKey: string;
}

interface PreviewAnswer {
  preview: Preview | null;
  userErrors: Refusal[];
}

export type PreviewDocument = Trusted<{ preview: PreviewAnswer }, { input: ActionInput }>;
export type ActionDocument = Trusted<{ done: Charge & { userErrors: Refusal[] } }, { input: ActionInput }>;

interface ActionPlan {
  preview: PreviewDocument;
  mutation: ActionDocument;
  start: Choices;
  // The choices without which there is nothing to preview.
  needs: (keyof Choices)[];
}

function plan(preview: unknown, mutation: unknown, start: Choices = {}, needs: (keyof Choices)[] = []): ActionPlan {
  return { preview: preview as PreviewDocument, mutation: mutation as ActionDocument, start, needs };
}

export const ACTIONS: Record<ActionName, ActionPlan> = {
  CHANGE_PLAN: plan(PreviewChangePlanDocument, ChangePlanDocument, { when: 'POLICY' }, ['priceId']),
  UPDATE_QUANTITY: plan(PreviewUpdateQuantityDocument, UpdateQuantityDocument, { when: 'POLICY' }, ['quantity']),
  APPLY_COUPON: plan(PreviewApplyCouponDocument, ApplyCouponDocument, {}, ['code']),
  REMOVE_COUPON: plan(PreviewRemoveCouponDocument, RemoveCouponDocument),
  PAUSE: plan(PreviewPauseSubscriptionDocument, PauseSubscriptionDocument, { when: 'PERIOD_END' }),
  SUSPEND: plan(PreviewSuspendSubscriptionDocument, SuspendSubscriptionDocument),
  RESUME: plan(PreviewResumeSubscriptionDocument, ResumeSubscriptionDocument),
  WITHDRAW_PENDING_CHANGE: plan(PreviewWithdrawPendingChangeDocument, WithdrawPendingChangeDocument),
  CANCEL: plan(PreviewCancelSubscriptionDocument, CancelSubscriptionDocument, { when: 'PERIOD_END' }),
  ADD_PLAN: plan(PreviewAddPlanDocument, AddPlanDocument, { quantity: 1 }, ['priceId', 'quantity']),
};

export const REASONS: CancelReason[] = ['TOO_EXPENSIVE', 'MISSING_FEATURES', 'SWITCHED_SERVICE', 'UNUSED', 'CUSTOMER_SERVICE', 'TOO_COMPLEX', 'LOW_QUALITY', 'OTHER'];
