/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** What can be done with an object. */
export type Action =
  /** Apply a coupon. */
  | 'APPLY_COUPON'
  /** End it. */
  | 'CANCEL'
  /** Change plan, price or quantity. */
  | 'CHANGE_PLAN'
  /** For staff: take back a part of it, or all, by a credit note. */
  | 'CREDIT'
  /** Delete it. */
  | 'DELETE'
  /** Download it. */
  | 'DOWNLOAD'
  /** For staff: suspend it for the merchant. */
  | 'HOLD'
  /** Stop future billing. */
  | 'PAUSE'
  /** Pay what remains. */
  | 'PAY'
  /** For staff: record money that came for it otherwise, by `recordPayment`. */
  | 'RECORD_PAYMENT'
  /** For staff: give money of it back. */
  | 'REFUND'
  /** For staff: lift a suspension, whoever began it. */
  | 'RELEASE'
  /** Remove the coupon that runs on it. */
  | 'REMOVE_COUPON'
  /** Go on, or withdraw a pending change. */
  | 'RESUME'
  /** Make it the default. */
  | 'SET_DEFAULT'
  /** Stop the service now. */
  | 'SUSPEND'
  /** For staff: change, add or remove its unpaid installments. */
  | 'UPDATE_INSTALLMENTS'
  /** Change the quantity. */
  | 'UPDATE_QUANTITY'
  /** Attach files. */
  | 'UPLOAD_ATTACHMENTS'
  /** For staff: withdraw it. */
  | 'VOID'
  /** Withdraw the pending change. */
  | 'WITHDRAW_PENDING_CHANGE'
  /** For staff: no longer expect what remains. */
  | 'WRITE_OFF';

/** Who acts. */
export type Actor =
  /** An unauthenticated caller. */
  | 'ANONYMOUS'
  /** The customer. */
  | 'CUSTOMER'
  /** A partner's app that acts for a customer. */
  | 'PARTNER'
  /** A person of the merchant's staff. */
  | 'STAFF'
  /** The billing clock. */
  | 'SYSTEM';

/** A new subscription. */
export type AddPlanInput = {
  /** The code of a coupon that applies from the first invoice on. */
  couponCode?: string | null | undefined;
  /** For staff, who name the customer for whom they act. All other callers leave it out. */
  customerId?: string | number | null | undefined;
  /** An idempotency key of your choice, 1 to 255 characters: the same key with the same input gives the first answer again instead of a second effect. Stored for at least 24 hours. */
  idempotencyKey: string;
  /** What is charged, now and at renewals. Null: the default method. */
  paymentMethodId?: string | number | null | undefined;
  /** From the preview: the result must be the previewed one, or the mutation is refused with PREVIEW_EXPIRED. Valid for 10 minutes. */
  previewToken?: string | null | undefined;
  /** The price of the plan, in the currency that the customer is billed in. */
  priceId: string | number;
  /** Units, 1 to 10,000. */
  quantity?: number;
  /** When it begins: later than now, within a year. Null: now. */
  startAt?: string | null | undefined;
};

/** A file that will be sent. */
export type AnnouncedFile = {
  /** Its media type, which may be generic or wrong. When the file is stored, its content decides. */
  contentType: string;
  /** Its name, for display. It gets the extension of its content when it is stored. */
  fileName: string;
  /** SHA-256 of its bytes, 64 hex digits. */
  sha256: string;
  /** Its exact size in bytes. */
  sizeBytes: number;
};

/** A coupon for a subscription. */
export type ApplyCouponInput = {
  /** Its code, in any case. */
  code: string;
  /** The version you saw; if it has changed since, VERSION_CONFLICT. */
  expectedVersion?: number | null | undefined;
  /** An idempotency key of your choice, 1 to 255 characters: the same key with the same input gives the first answer again instead of a second effect. Stored for at least 24 hours. */
  idempotencyKey: string;
  /** From the preview: the result must be the previewed one, or the mutation is refused with PREVIEW_EXPIRED. Valid for 10 minutes. */
  previewToken?: string | null | undefined;
  /** The subscription. */
  subscriptionId: string | number;
};

/** The status of an attachment. */
export type AttachmentStatus =
  /** Its upload is not finished. */
  | 'PENDING'
  /** Its content was refused. */
  | 'REJECTED'
  /** It can be downloaded. */
  | 'STORED';

/** A postal address. It replaces the address of before as a whole. */
export type BillingAddressInput = {
  /** City, town or village. At most 100 characters. */
  city?: string | null | undefined;
  /** Country, two letters after ISO 3166-1, such as DE. */
  country: string;
  /** Street and number, or a post box. 1 to 200 characters. */
  line1: string;
  /** Floor, building, care of. At most 200 characters. */
  line2?: string | null | undefined;
  /** Postal code. At most 20 characters. */
  postalCode?: string | null | undefined;
  /** State, province or prefecture, as it is written in addresses there. At most 100 characters. */
  region?: string | null | undefined;
};

/** The unit of a billing period. */
export type BillingInterval =
  /** Days. */
  | 'DAY'
  /** Months. */
  | 'MONTH'
  /** Weeks. */
  | 'WEEK'
  /** Years. */
  | 'YEAR';

/** Why a customer canceled. */
export type CancelReason =
  /** The customer service was not good enough. */
  | 'CUSTOMER_SERVICE'
  /** It does not work well enough. */
  | 'LOW_QUALITY'
  /** Something needed is missing. */
  | 'MISSING_FEATURES'
  /** Another reason; the comment may explain it. */
  | 'OTHER'
  /** Another service is used now. */
  | 'SWITCHED_SERVICE'
  /** It is too hard to use. */
  | 'TOO_COMPLEX'
  /** It costs too much. */
  | 'TOO_EXPENSIVE'
  /** It is not used enough. */
  | 'UNUSED';

/** A cancellation. */
export type CancelSubscriptionInput = {
  /** In the customer's words, at most 500 characters. */
  comment?: string | null | undefined;
  /** The version you saw; if it has changed since, VERSION_CONFLICT. */
  expectedVersion?: number | null | undefined;
  /** An idempotency key of your choice, 1 to 255 characters: the same key with the same input gives the first answer again instead of a second effect. Stored for at least 24 hours. */
  idempotencyKey: string;
  /** From the preview: the result must be the previewed one, or the mutation is refused with PREVIEW_EXPIRED. Valid for 10 minutes. */
  previewToken?: string | null | undefined;
  /** Why. */
  reason?: CancelReason | null | undefined;
  /** The subscription. */
  subscriptionId: string | number;
  /** When it ends. A subscription without a running period ends at once. */
  when?: When;
};

/** The old password and the new one. */
export type ChangePasswordInput = {
  /** The password until now. */
  currentPassword: string;
  /** 15 to 128 characters, of any kind; common ones are refused. */
  newPassword: string;
};

/** A change of plan. */
export type ChangePlanInput = {
  /** The version you saw; if it has changed since, VERSION_CONFLICT. */
  expectedVersion?: number | null | undefined;
  /** An idempotency key of your choice, 1 to 255 characters: the same key with the same input gives the first answer again instead of a second effect. Stored for at least 24 hours. */
  idempotencyKey: string;
  /** From the preview: the result must be the previewed one, or the mutation is refused with PREVIEW_EXPIRED. Valid for 10 minutes. */
  previewToken?: string | null | undefined;
  /** The price of the plan, in the subscription's currency. */
  priceId: string | number;
  /** Units, 1 to 10,000. Null keeps the present quantity. */
  quantity?: number | null | undefined;
  /** The subscription. */
  subscriptionId: string | number;
  /** When it takes effect. */
  when?: ChangeWhen;
};

/** When a change of plan takes effect. */
export type ChangeWhen =
  /** At once: the unused time is credited and the rest charged, to the second. */
  | 'NOW'
  /** With the next renewal; nothing is charged before. */
  | 'PERIOD_END'
  /** Upgrades and changes of interval at once, downgrades at the end of the period. The prices of a year are compared; an equal one counts as an upgrade. */
  | 'POLICY';

/** How an unpaid invoice is collected by the billing clock. */
export type Collection =
  /** It will be charged at `nextAttemptAt`. */
  | 'DUE'
  /** The last try has failed, its payment was disputed, or the merchant released the subscription. It is charged again only with another method or by the customer. */
  | 'GIVEN_UP'
  /** Not at all: nothing remains, or it is not charged automatically. */
  | 'NONE'
  /** It was declined, and is tried again at `nextAttemptAt`. */
  | 'RETRYING'
  /** No payment method can be charged for it: there is none, or it expired, was deleted, or was declined for good. It is charged when there is another one. */
  | 'WAITING_FOR_METHOD';

/** A method that was entered in the processor's form. */
export type CompleteAddPaymentMethodInput = {
  /** For staff, who name the customer for whom they act. All other callers leave it out. */
  customerId?: string | number | null | undefined;
  /** Whether it becomes the default. The first method always does. */
  makeDefault?: boolean;
  /** From `startAddPaymentMethod`. */
  reference: string;
};

/** Files that were sent. */
export type CompleteAttachmentUploadsInput = {
  /** The ids that `createAttachmentUploads` returned. */
  attachmentIds: Array<string | number>;
};

/** The link from the letter. */
export type ConfirmEmailChangeInput = {
  /** The part of the link behind `#token=`. */
  token: string;
};

/** A payment that the customer has confirmed with the processor. */
export type ConfirmPaymentInput = {
  /** The payment that REQUIRES_ACTION. */
  paymentId: string | number;
};

/** For how long a coupon reduces invoices. */
export type CouponDuration =
  /** Every invoice. */
  | 'FOREVER'
  /** The next invoice only. */
  | 'ONCE'
  /** A number of invoices: see `durationPeriods`. */
  | 'REPEATING';

/** Files that will be sent, and what to attach them to. */
export type CreateAttachmentUploadsInput = {
  /** The group. */
  files: Array<AnnouncedFile>;
  /** An idempotency key of your choice, at most 255 characters, new for every group. The same key with the same input gives the first answer again, and attaches nothing twice. */
  idempotencyKey: string;
  /** The Invoice or PaymentSchedule to attach them to. */
  parentId: string | number;
};

/** Why a credit note was issued. */
export type CreditNoteReason =
  /** The merchant corrected the invoice. */
  | 'CORRECTION'
  /** The same was invoiced twice. */
  | 'DUPLICATE'
  /** The merchant took something back as goodwill. */
  | 'GOODWILL'
  /** The order was changed or canceled. */
  | 'ORDER_CHANGE'
  /** A payment was refunded, and is not charged again. */
  | 'REFUND'
  /** A plan was changed within a period: what was charged for the rest of it is taken back. */
  | 'UNUSED_TIME';

/** The file to delete. */
export type DeleteAttachmentInput = {
  /** The attachment. */
  attachmentId: string | number;
};

/** A method that is to be deleted. */
export type DeletePaymentMethodInput = {
  /** The version you saw; if it has changed since, VERSION_CONFLICT. */
  expectedVersion?: number | null | undefined;
  /** The method. */
  paymentMethodId: string | number;
  /** The method to which what is billed to it moves. Needed while something is billed to it. */
  replacementId?: string | number | null | undefined;
};

/** The session to end. */
export type EndSessionInput = {
  /** One of `sessions`. */
  sessionId: string | number;
};

/** Why a call is refused. New codes may be added. */
export type ErrorCode =
  /** It is the default already. */
  | 'ALREADY_DEFAULT'
  /** Nothing is left to pay. */
  | 'ALREADY_PAID'
  /** A change is scheduled already. */
  | 'ALREADY_SCHEDULED'
  /** It is more than is left: to be paid, to be credited or to be refunded. */
  | 'AMOUNT_TOO_HIGH'
  /** The subscription has ended for good. */
  | 'CANCELED'
  /** The bytes are not those that were announced: another size or SHA-256. */
  | 'CHECKSUM_MISMATCH'
  /** The password is on the list of common passwords. */
  | 'COMMON_PASSWORD'
  /** The subscription has a coupon already. */
  | 'COUPON_ALREADY_APPLIED'
  /** The code cannot be used here: unknown, expired, used up or not for this plan. The answer does not say which. */
  | 'COUPON_INVALID'
  /** The customer has a history in the present currency, so it cannot change. */
  | 'CURRENCY_IN_USE'
  /** The price or the amount is in another currency. */
  | 'CURRENCY_MISMATCH'
  /** The customer is closed: nobody signs in, and nothing begins or renews. */
  | 'CUSTOMER_CLOSED'
  /** A document of the manifest is not valid for the schema. Nothing was published. */
  | 'DOCUMENT_INVALID'
  /** Another customer has this e-mail address. `details` name the customer. */
  | 'DUPLICATE_EMAIL'
  /** The customer has never signed in with the address, so a link that goes there proves nothing. */
  | 'EMAIL_NOT_VERIFIED'
  /** The e-mail address signs in to another customer, so this one is entered by portal links only. */
  | 'EMAIL_SHARED'
  /** The file has no bytes. */
  | 'EMPTY_FILE'
  /** The object has an external id already, and an external id never changes. */
  | 'EXTERNAL_ID_FINAL'
  /** Another object of this kind has this external id. */
  | 'EXTERNAL_ID_TAKEN'
  /** The file is larger than `limits.maxFileBytes`. */
  | 'FILE_TOO_LARGE'
  /** The files of one upload are together larger than `limits.maxGroupBytes`. Send them in several uploads. */
  | 'GROUP_TOO_LARGE'
  /** The idempotency key was used with another input. Use a new key. */
  | 'IDEMPOTENCY_CONFLICT'
  /** The value is out of its range or has the wrong form. */
  | 'INVALID_VALUE'
  /** A payment, or an earlier call with the same idempotency key, is in flight. */
  | 'IN_PROGRESS'
  /** The link was used already, has expired or is unknown. Request a new one. */
  | 'LINK_INVALID'
  /** Letters are not sent here. */
  | 'MAIL_NOT_CONFIGURED'
  /** The payment method has expired. */
  | 'METHOD_EXPIRED'
  /** Something is billed to this payment method. */
  | 'METHOD_IN_USE'
  /** It does not exist, or it belongs to somebody else. */
  | 'NOT_FOUND'
  /** It is void, refunded or canceled. */
  | 'NOT_PAYABLE'
  /** Nothing of the payment can be refunded: it was not received, or went back already. */
  | 'NOT_REFUNDABLE'
  /** It could not be checked or scanned for viruses now. Try again later. */
  | 'NOT_SCANNED'
  /** The file is not stored. */
  | 'NOT_STORED'
  /** Its bytes were not sent to the address that `createAttachmentUploads` gave. */
  | 'NOT_UPLOADED'
  /** Somebody else uploaded it. */
  | 'NOT_YOURS_TO_DELETE'
  /** The merchant suspended the subscription, and only the merchant can resume it. */
  | 'NOT_YOURS_TO_RESUME'
  /** The new value equals the current one. */
  | 'NO_CHANGE'
  /** An invoice is overdue and has to be paid first. */
  | 'OVERDUE_INVOICE'
  /** The merchant takes only what remains, as a whole. */
  | 'PARTIAL_NOT_ALLOWED'
  /** The account has no password yet. `requestPasswordReset` sends a letter by which the customer chooses the first one. */
  | 'PASSWORD_NOT_SET'
  /** The PDF opens only with a password or a certificate, so nobody here could read it, and it cannot be checked. */
  | 'PASSWORD_PROTECTED'
  /** A trial cannot be paused. */
  | 'PAUSE_IN_TRIAL'
  /** The payment was declined, and nothing was changed. `declineCode` of the payment says why. */
  | 'PAYMENT_DECLINED'
  /** There is no payment method that can be charged. */
  | 'PAYMENT_METHOD_REQUIRED'
  /** Payments cannot be taken right now, and nothing was changed. Try again shortly. */
  | 'PAYMENT_UNAVAILABLE'
  /** The plan or price is no longer sold. */
  | 'PLAN_UNAVAILABLE'
  /** The result would differ from the preview, or the preview is older than 10 minutes. Preview again. */
  | 'PREVIEW_EXPIRED'
  /** The largest number of files is attached already. */
  | 'QUOTA_EXCEEDED'
  /** The processor refused the refund, and nothing was changed. */
  | 'REFUND_DECLINED'
  /** The subscription has to be resumed first. */
  | 'RESUME_FIRST'
  /** The session has ended. Sign in again. */
  | 'SESSION_ENDED'
  /** The payment method setup is not complete, or the processor refused the method. */
  | 'SETUP_UNFINISHED'
  /** Only the customer may do this, and the session does not prove who is in it: it began with a portal link that staff had seen, or the token names somebody who acts for the customer. */
  | 'SIGN_IN_REQUIRED'
  /** To judge it would take more work than one file may cause: it unpacks to more than `limits.maxUnpackedBytes`, takes too long, or has too many parts. */
  | 'TOO_COMPLEX'
  /** More files in one upload than `limits.maxGroupFiles`. Send them in several uploads. */
  | 'TOO_MANY_FILES'
  /** The picture has more pixels than `limits.maxPixels`. */
  | 'TOO_MANY_PIXELS'
  /** Its content may do harm: scripts, automatic actions or programs in a PDF, a second format hidden in it, a virus. */
  | 'UNSAFE_FILE'
  /** It is no PDF, PNG or JPEG, or a damaged one, or its name or declared type says that it is quite another kind of file. */
  | 'UNSUPPORTED_FILE'
  /** It was changed since you read it. Read it again. */
  | 'VERSION_CONFLICT'
  /** The password is too short, too long, or contains the name or e-mail address. */
  | 'WEAK_PASSWORD'
  /** The e-mail address or the password is wrong. The answer does not say which, nor whether the account exists. */
  | 'WRONG_CREDENTIALS'
  /** It cannot be done in the state it is in. */
  | 'WRONG_STATE';

/** The app that gets access, and what it may do. */
export type GrantAccessInput = {
  /** The app. */
  clientId: string;
  /** What it may do: `read`, `subscriptions:write`, `payments:write`; at most the scopes that it is registered for. */
  scopes: Array<string>;
};

/** The status of an installment. Whether it is overdue is not a status: see `isOverdue`. */
export type InstallmentStatus =
  /** Nothing is due on it any more. */
  | 'CANCELED'
  /** Nothing is paid yet. */
  | 'DUE'
  /** The last attempt to collect it failed; it stays due. */
  | 'FAILED'
  /** All is paid. */
  | 'PAID'
  /** A part is paid. */
  | 'PARTIALLY_PAID'
  /** A payment is in flight. */
  | 'PROCESSING'
  /** Paid, and paid back in full; nothing is due on it any more. */
  | 'REFUNDED';

/** The status of an invoice. Whether it is overdue is not a status: see `isOverdue`. Drafts are never shown. */
export type InvoiceStatus =
  /** Nothing is paid yet. */
  | 'OPEN'
  /** Nothing remains. */
  | 'PAID'
  /** A part is paid. */
  | 'PARTIALLY_PAID'
  /** A payment is in flight. */
  | 'PROCESSING'
  /** Paid, and everything that had paid it was given back, the customer's credit included. */
  | 'REFUNDED'
  /** Withdrawn by the merchant; nothing is due on it. */
  | 'VOID';

/** How a payment schedule is invoiced. In each case amounts are counted once. */
export type Invoicing =
  /** One invoice for all installments. */
  | 'COLLECTIVE'
  /** Not at all; the installments are paid without an invoice. */
  | 'NONE'
  /** An invoice for each installment. */
  | 'PER_INSTALLMENT';

/** Where the next payment comes from. */
export type NextPaymentKind =
  /** An installment becomes due. */
  | 'INSTALLMENT'
  /** A subscription renews. */
  | 'RENEWAL'
  /** A paused subscription resumes automatically. */
  | 'RESUME'
  /** An unpaid invoice is charged automatically, in most cases again. */
  | 'RETRY';

/** The state of a call. */
export type OperationState =
  /** It has been answered. */
  | 'DONE'
  /** It has not been answered yet. */
  | 'RUNNING';

/** A pause. */
export type PauseSubscriptionInput = {
  /** The version you saw; if it has changed since, VERSION_CONFLICT. */
  expectedVersion?: number | null | undefined;
  /** An idempotency key of your choice, 1 to 255 characters: the same key with the same input gives the first answer again instead of a second effect. Stored for at least 24 hours. */
  idempotencyKey: string;
  /** From the preview: the result must be the previewed one, or the mutation is refused with PREVIEW_EXPIRED. Valid for 10 minutes. */
  previewToken?: string | null | undefined;
  /** When it resumes by itself: later than the pause, at most a year. Null: until you resume it. */
  resumesAt?: string | null | undefined;
  /** The subscription. */
  subscriptionId: string | number;
  /** When billing stops. */
  when?: When;
};

/** All that is due in a currency: invoices and installments, oldest first, then what is owed on account. What has a payment in progress is left out. */
export type PayAllDueInput = {
  /** The currency, as `summary.totalDue` lists it. */
  currency: string;
  /** For staff, who name the customer for whom they act. All other callers leave it out. */
  customerId?: string | number | null | undefined;
  /** An idempotency key of your choice, 1 to 255 characters: the same key with the same input gives the first answer again instead of a second effect. Stored for at least 24 hours. */
  idempotencyKey: string;
  /** What is charged. Null: the default method. */
  paymentMethodId?: string | number | null | undefined;
};

/** An installment to pay. */
export type PayInstallmentInput = {
  /** A part of what remains, in minor units, where the merchant takes parts. Null: all that remains. */
  amountMinorUnits?: string | null | undefined;
  /** The version you saw; if it has changed since, VERSION_CONFLICT. */
  expectedVersion?: number | null | undefined;
  /** An idempotency key of your choice, 1 to 255 characters: the same key with the same input gives the first answer again instead of a second effect. Stored for at least 24 hours. */
  idempotencyKey: string;
  /** The installment. If an invoice covers it, that is paid too. */
  installmentId: string | number;
  /** What is charged. Null: the default method. */
  paymentMethodId?: string | number | null | undefined;
};

/** An invoice to pay. */
export type PayInvoiceInput = {
  /** A part of what remains, in minor units, where the merchant takes parts. Null: all that remains. */
  amountMinorUnits?: string | null | undefined;
  /** The version you saw; if it has changed since, VERSION_CONFLICT. */
  expectedVersion?: number | null | undefined;
  /** An idempotency key of your choice, 1 to 255 characters: the same key with the same input gives the first answer again instead of a second effect. Stored for at least 24 hours. */
  idempotencyKey: string;
  /** The invoice. */
  invoiceId: string | number;
  /** What is charged. Null: the default method. */
  paymentMethodId?: string | number | null | undefined;
};

/** Narrows payments. */
export type PaymentFilter = {
  /** Made before this instant. */
  createdBefore?: string | null | undefined;
  /** Made at this instant or later. */
  createdFrom?: string | null | undefined;
  /** In this currency. */
  currency?: string | null | undefined;
  /** In one of these states. */
  status?: Array<PaymentStatus> | null | undefined;
};

/** What kind of payment method it is. */
export type PaymentMethodKind =
  /** A bank account. */
  | 'BANK_ACCOUNT'
  /** A transfer to the merchant's bank account, recorded by staff. */
  | 'BANK_TRANSFER'
  /** A credit or debit card. */
  | 'CARD'
  /** Cash, recorded by staff. */
  | 'CASH'
  /** A check, recorded by staff. */
  | 'CHECK'
  /** Another way, recorded by staff. */
  | 'OTHER'
  /** A SEPA direct debit mandate. */
  | 'SEPA_DEBIT'
  /** A wallet such as Apple Pay. */
  | 'WALLET';

/** The status of a payment. */
export type PaymentStatus =
  /** Declined: see `declineCode`. */
  | 'FAILED'
  /** In flight; its outcome is not known yet. */
  | 'PROCESSING'
  /** Settled, and paid back in full. */
  | 'REFUNDED'
  /** Waits for the customer, for instance for 3-D Secure. */
  | 'REQUIRES_ACTION'
  /** Settled. */
  | 'SUCCEEDED';

/** What will happen at the end of the period, unless it is withdrawn. */
export type PendingChangeKind =
  /** The subscription will end. */
  | 'CANCEL'
  /** Billing will be paused. */
  | 'PAUSE'
  /** The plan or its quantity will change. */
  | 'PLAN';

/** The link. */
export type RedeemPortalLinkInput = {
  /** The part of the link behind `#token=`. */
  token: string;
};

/** The session to continue. */
export type RefreshSessionInput = {
  /** The last refresh token. Used again later than 10 seconds after its first use, it ends the session. */
  refreshToken: string;
};

/** Why money of a payment went back. What the merchant gave back is not charged again; what a bank took back is owed again. */
export type RefundReason =
  /** The customer disputed the payment at their bank, which took it back. */
  | 'DISPUTE'
  /** The merchant gave back what was paid twice. */
  | 'DUPLICATE'
  /** The merchant gave back a payment that was not the card holder's. */
  | 'FRAUDULENT'
  /** The merchant gave it back as goodwill. */
  | 'GOODWILL'
  /** The merchant gave it back at the customer's request. */
  | 'REQUESTED'
  /** The bank returned a direct debit, for instance because the account did not cover it. */
  | 'RETURNED';

/** The status of a refund. */
export type RefundStatus =
  /** The money could not be paid back. What had been paid back on a credit note is the customer's credit. */
  | 'FAILED'
  /** Under way: the processor works on it, or its payment has not settled yet. */
  | 'PENDING'
  /** A dispute that was decided for the merchant: the money was received again, and what it had paid is paid again. */
  | 'REVERSED'
  /** The money went back. */
  | 'SUCCEEDED';

/** The subscription whose coupon to remove. */
export type RemoveCouponInput = {
  /** The version you saw; if it has changed since, VERSION_CONFLICT. */
  expectedVersion?: number | null | undefined;
  /** An idempotency key of your choice, 1 to 255 characters: the same key with the same input gives the first answer again instead of a second effect. Stored for at least 24 hours. */
  idempotencyKey: string;
  /** From the preview: the result must be the previewed one, or the mutation is refused with PREVIEW_EXPIRED. Valid for 10 minutes. */
  previewToken?: string | null | undefined;
  /** The subscription. */
  subscriptionId: string | number;
};

/** The new address. */
export type RequestEmailChangeInput = {
  /** It gets a link to confirm. The old address gets a notice. */
  newEmail: string;
};

/** The account whose password is forgotten. */
export type RequestPasswordResetInput = {
  /** The latest `device` that this client received for this account. An invalid one is ignored. */
  device?: string | null | undefined;
  /** It gets a letter if there is such an account. The answer is the same if there is none. */
  email: string;
};

/** The link from the letter, and the new password. */
export type ResetPasswordInput = {
  /** 15 to 128 characters, of any kind; common ones are refused. */
  newPassword: string;
  /** The part of the link behind `#token=`. */
  token: string;
};

/** What to resume. */
export type ResumeSubscriptionInput = {
  /** The version you saw; if it has changed since, VERSION_CONFLICT. */
  expectedVersion?: number | null | undefined;
  /** An idempotency key of your choice, 1 to 255 characters: the same key with the same input gives the first answer again instead of a second effect. Stored for at least 24 hours. */
  idempotencyKey: string;
  /** From the preview: the result must be the previewed one, or the mutation is refused with PREVIEW_EXPIRED. Valid for 10 minutes. */
  previewToken?: string | null | undefined;
  /** The subscription. */
  subscriptionId: string | number;
};

/** What a resume undid. */
export type ResumedFrom =
  /** A pause. */
  | 'PAUSED'
  /** A pending cancellation. */
  | 'PENDING_CANCEL'
  /** A pending pause. */
  | 'PENDING_PAUSE'
  /** A pending change of plan. */
  | 'PENDING_PLAN'
  /** The customer's own suspension. */
  | 'SUSPENDED';

/** What may be offered to a customer who wants to cancel. */
export type RetentionKind =
  /** A coupon. */
  | 'COUPON'
  /** A plan that costs less. */
  | 'DOWNGRADE'
  /** A pause. */
  | 'PAUSE';

/** The grant to end. */
export type RevokeGrantInput = {
  /** One of `grants`. */
  grantId: string | number;
};

/** Narrows payment schedules. */
export type ScheduleFilter = {
  /** With, or without, an overdue installment. */
  isOverdue?: boolean | null | undefined;
  /** In one of these states. */
  status?: Array<ScheduleStatus> | null | undefined;
};

/** The status of a payment schedule. Whether something is overdue is not a status: see `isOverdue`. */
export type ScheduleStatus =
  /** Installments are left to pay. */
  | 'ACTIVE'
  /** Canceled; nothing more is due on it. */
  | 'CANCELED'
  /** Everything is paid. */
  | 'FINISHED';

/** The method that is to be the default. */
export type SetDefaultPaymentMethodInput = {
  /** The version you saw; if it has changed since, VERSION_CONFLICT. */
  expectedVersion?: number | null | undefined;
  /** The method. */
  paymentMethodId: string | number;
  /** Whether invoices of subscriptions that are past due are charged to it, within a minute or so, also when it was declined before. Without it, only another method than the one that was declined is charged for them. */
  retryPastDue?: boolean;
};

/** The credentials to sign in with. */
export type SignInInput = {
  /** The latest `device` that this client received for this account. An invalid one is ignored. */
  device?: string | null | undefined;
  /** E-mail address. */
  email: string;
  /** Password. */
  password: string;
};

/** How a session began. */
export type SignInMethod =
  /** With e-mail address and password. */
  | 'PASSWORD'
  /** With a link that the merchant made. */
  | 'PORTAL_LINK';

/** An input without values. */
export type SignOutInput = {
  /** Has no effect: an input object needs a field. */
  confirm?: boolean;
};

/** A method that is to be added. */
export type StartAddPaymentMethodInput = {
  /** For staff, who name the customer for whom they act. All other callers leave it out. */
  customerId?: string | number | null | undefined;
  /** An idempotency key of your choice, if you want one: the same key with the same input has one effect. */
  idempotencyKey?: string | null | undefined;
};

/** What happened to a subscription. */
export type SubscriptionEventKind =
  /** It became active. */
  | 'ACTIVATED'
  /** It ended. */
  | 'CANCELED'
  /** A change was scheduled for the end of the period. */
  | 'CHANGE_SCHEDULED'
  /** A scheduled change was withdrawn. */
  | 'CHANGE_WITHDRAWN'
  /** A coupon was applied. */
  | 'COUPON_APPLIED'
  /** A coupon was removed. */
  | 'COUPON_REMOVED'
  /** It was created. */
  | 'CREATED'
  /** The merchant, or unpaid invoices, stopped the service. */
  | 'HELD'
  /** Its billing was paused. */
  | 'PAUSED'
  /** Its plan changed. */
  | 'PLAN_CHANGED'
  /** Its quantity changed. */
  | 'QUANTITY_CHANGED'
  /** The hold was lifted, by the merchant or because nothing is overdue any more. */
  | 'RELEASED'
  /** A new period began. */
  | 'RENEWED'
  /** It was resumed. */
  | 'RESUMED'
  /** It should have resumed automatically, and the next period could not be paid. It stays paused. */
  | 'RESUME_FAILED'
  /** Its service was stopped by the customer. */
  | 'SUSPENDED'
  /** Its trial began. */
  | 'TRIAL_STARTED';

/** Narrows subscriptions. */
export type SubscriptionFilter = {
  /** To this plan. */
  planId?: string | number | null | undefined;
  /** In one of these states. */
  status?: Array<SubscriptionStatus> | null | undefined;
};

/** The status of a subscription. Whether something is overdue is not a status: see `hasOverdue`. */
export type SubscriptionStatus =
  /** Runs and renews. */
  | 'ACTIVE'
  /** Has ended for good. */
  | 'CANCELED'
  /** Billing is stopped until it is resumed; no invoice is made. */
  | 'PAUSED'
  /** Ordered: it begins when the payment has succeeded, and is canceled if that fails. */
  | 'PENDING'
  /** Starts later. */
  | 'SCHEDULED'
  /** The service is stopped now, the contract goes on: see `suspendedBy`. */
  | 'SUSPENDED'
  /** In its free trial. */
  | 'TRIALING';

/** A suspension. */
export type SuspendSubscriptionInput = {
  /** The version you saw; if it has changed since, VERSION_CONFLICT. */
  expectedVersion?: number | null | undefined;
  /** An idempotency key of your choice, 1 to 255 characters: the same key with the same input gives the first answer again instead of a second effect. Stored for at least 24 hours. */
  idempotencyKey: string;
  /** From the preview: the result must be the previewed one, or the mutation is refused with PREVIEW_EXPIRED. Valid for 10 minutes. */
  previewToken?: string | null | undefined;
  /** The subscription. */
  subscriptionId: string | number;
};

/** Who stopped the service. A customer can lift only a suspension of their own. */
export type SuspendedBy =
  /** The customer; `resumeSubscription` lifts it. */
  | 'CUSTOMER'
  /** Unpaid invoices; it is lifted when the last overdue one is paid, credited or void, or by the merchant. */
  | 'DUNNING'
  /** The merchant; only the merchant can lift it. */
  | 'MERCHANT';

/** Whether a price includes tax. */
export type TaxBehavior =
  /** Tax is added to the price. */
  | 'EXCLUSIVE'
  /** The price contains the tax. */
  | 'INCLUSIVE';

/** Changes of the profile. A field that is left out stays unchanged; null leaves name, language and time zone unchanged, and clears the others. What was issued before is never changed. */
export type UpdateProfileInput = {
  /** The address on invoices from now on. */
  billingAddress?: BillingAddressInput | null | undefined;
  /** The company, where the name is a person's. 1 to 200 characters. */
  companyName?: string | null | undefined;
  /** For staff, who name the customer for whom they act. All other callers leave it out. */
  customerId?: string | number | null | undefined;
  /** Change only if `Customer.version` still has this value. */
  expectedVersion?: number | null | undefined;
  /** A BCP 47 tag such as de-CH. */
  locale?: string | null | undefined;
  /** 1 to 200 characters. Zero-width joiners stay, because Persian and emoji need them; other invisible characters are removed. */
  name?: string | null | undefined;
  /** The one tax number, instead of `taxIds`. */
  taxId?: string | null | undefined;
  /** Tax numbers on invoices, such as DE123456789: at most 10 of 50 characters each. Null clears. */
  taxIds?: Array<string> | null | undefined;
  /** An IANA name such as Europe/Zurich. */
  timeZone?: string | null | undefined;
};

/** Another quantity of the same plan. */
export type UpdateQuantityInput = {
  /** The version you saw; if it has changed since, VERSION_CONFLICT. */
  expectedVersion?: number | null | undefined;
  /** An idempotency key of your choice, 1 to 255 characters: the same key with the same input gives the first answer again instead of a second effect. Stored for at least 24 hours. */
  idempotencyKey: string;
  /** From the preview: the result must be the previewed one, or the mutation is refused with PREVIEW_EXPIRED. Valid for 10 minutes. */
  previewToken?: string | null | undefined;
  /** Units, 1 to 10,000. */
  quantity: number;
  /** The subscription. */
  subscriptionId: string | number;
  /** When it takes effect. */
  when?: ChangeWhen;
};

/** A group of files, and what to attach them to. */
export type UploadAttachmentsInput = {
  /** PDF, PNG or JPEG, by their content; names and media types are corrected. See `Query.limits` for sizes. */
  files: Array<File>;
  /** An idempotency key of your choice, at most 255 characters, new for every group. The same key with the same input gives the first answer again, and attaches nothing twice. */
  idempotencyKey: string;
  /** The Invoice or PaymentSchedule to attach them to. */
  parentId: string | number;
};

/** Who uploaded a file. Staff cannot delete what a customer uploaded. */
export type Uploader =
  /** The customer. */
  | 'CUSTOMER'
  /** The merchant's staff. */
  | 'STAFF';

/** What a customer should know before they confirm. */
export type Warning =
  /** The coupon on it ends. */
  | 'COUPON_ENDS'
  /** The unused time is worth more than the line of the invoice credits: the rest is on `creditNotes`. */
  | 'CREDIT_EXCEEDS_LINE'
  /** What was paid for and is not used is not paid back. */
  | 'NO_REFUND'
  /** What is owed stays owed. */
  | 'OPEN_INVOICES_STAY_DUE'
  /** A payment is in progress: if it succeeds, its amount is added to the customer's credit. */
  | 'PAYMENT_BECOMES_CREDIT'
  /** The running period ends at once and a new one begins: what is left of it is credited. */
  | 'PERIOD_ENDS_NOW'
  /** The pending cancellation is withdrawn. */
  | 'REPLACES_PENDING_CANCEL'
  /** The pending pause is withdrawn. */
  | 'REPLACES_PENDING_PAUSE'
  /** The pending change of plan is withdrawn. */
  | 'REPLACES_PENDING_PLAN'
  /** It does not resume on the day that was set for the end of its pause, as long as it is suspended. */
  | 'RESUMES_AFTER_SUSPENSION';

/** When it takes effect. */
export type When =
  /** At once. */
  | 'NOW'
  /** At the end of the period that is paid for, or of the trial. */
  | 'PERIOD_END';

/** The subscription whose pending change to withdraw. */
export type WithdrawPendingChangeInput = {
  /** The version you saw; if it has changed since, VERSION_CONFLICT. */
  expectedVersion?: number | null | undefined;
  /** An idempotency key of your choice, 1 to 255 characters: the same key with the same input gives the first answer again instead of a second effect. Stored for at least 24 hours. */
  idempotencyKey: string;
  /** From the preview: the result must be the previewed one, or the mutation is refused with PREVIEW_EXPIRED. Valid for 10 minutes. */
  previewToken?: string | null | undefined;
  /** The subscription. */
  subscriptionId: string | number;
};

export type GrantsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type GrantsQuery = { grants: { nodes: Array<{ id: string, clientId: string, clientName: string, scopes: Array<string>, createdAt: string }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null };

export type InvoiceQueryVariables = Exact<{
  id: string | number;
}>;


export type InvoiceQuery = { node:
    | { id: string, version: number, number: string, status: InvoiceStatus, issuedAt: string, dueOn: string, isOverdue: boolean, daysOverdue: number, paidAt: string | null, memo: string | null, period: { startsAt: string, endsAt: string } | null, subtotal: { amount: string, currency: string }, discount: { amount: string, currency: string }, tax: { amount: string, currency: string }, total: { amount: string, currency: string }, amountPaid: { amount: string, currency: string }, amountCredited: { amount: string, currency: string }, amountRefunded: { amount: string, currency: string }, amountRemaining: { amount: string, currency: string }, collection: { state: Collection, nextAttemptAt: string | null }, subscription: { id: string, plan: { id: string, name: string } } | null, paymentSchedule: { id: string, name: string } | null, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }>, lines: { nodes: Array<{ id: string, description: string, quantity: number, unitAmount: { amount: string, currency: string }, discount: { amount: string, currency: string }, tax: { amount: string, currency: string }, total: { amount: string, currency: string }, period: { startsAt: string, endsAt: string } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } }, payments: { nodes: Array<{ id: string, status: PaymentStatus, createdAt: string, settledAt: string | null, amount: { amount: string, currency: string }, refunded: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null } }> }, creditNotes: { nodes: Array<{ id: string, number: string, reason: CreditNoteReason, issuedAt: string, total: { amount: string, currency: string } }> }, attachments: { nodes: Array<{ id: string, fileName: string, contentType: string, sizeBytes: number, status: AttachmentStatus, uploadedBy: Uploader, uploadedAt: string, downloadUrl: string | null, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } }
    | Record<PropertyKey, never>
   | null, customer: { id: string, paymentMethods: { nodes: Array<{ id: string, kind: PaymentMethodKind, brand: string | null, last4: string | null, expiresOn: string | null, isDefault: boolean, isExpired: boolean }> } } | null, limits: { maxFileBytes: number, maxGroupBytes: number, maxGroupFiles: number, contentTypes: Array<string> } };

export type PaymentScheduleQueryVariables = Exact<{
  id: string | number;
}>;


export type PaymentScheduleQuery = { node:
    | { id: string, name: string, status: ScheduleStatus, isOverdue: boolean, invoicing: Invoicing, createdAt: string, version: number, total: { amount: string, currency: string }, paid: { amount: string, currency: string }, remaining: { amount: string, currency: string }, subscription: { id: string, status: SubscriptionStatus, plan: { name: string } } | null, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }>, installments: { totalCount: number, nodes: Array<{ id: string, version: number, position: number, name: string, dueOn: string, status: InstallmentStatus, isOverdue: boolean, daysOverdue: number, amount: { amount: string, currency: string }, paid: { amount: string, currency: string }, remaining: { amount: string, currency: string }, invoice: { id: string, number: string, status: InvoiceStatus } | null, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }> }, attachments: { nodes: Array<{ id: string, fileName: string, contentType: string, sizeBytes: number, status: AttachmentStatus, uploadedBy: Uploader, uploadedAt: string, downloadUrl: string | null, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } }
    | Record<PropertyKey, never>
   | null, customer: { id: string, paymentMethods: { nodes: Array<{ id: string, kind: PaymentMethodKind, brand: string | null, last4: string | null, expiresOn: string | null, isDefault: boolean, isExpired: boolean }> } } | null, limits: { maxFileBytes: number, maxGroupBytes: number, maxGroupFiles: number, contentTypes: Array<string> } };

type Attachments_Invoice_Fragment = { attachments: { nodes: Array<{ id: string, fileName: string, contentType: string, sizeBytes: number, status: AttachmentStatus, uploadedBy: Uploader, uploadedAt: string, downloadUrl: string | null, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

type Attachments_PaymentSchedule_Fragment = { attachments: { nodes: Array<{ id: string, fileName: string, contentType: string, sizeBytes: number, status: AttachmentStatus, uploadedBy: Uploader, uploadedAt: string, downloadUrl: string | null, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type AttachmentsFragment =
  | Attachments_Invoice_Fragment
  | Attachments_PaymentSchedule_Fragment
;

export type PaymentSchedulesQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  filter?: ScheduleFilter | null | undefined;
}>;


export type PaymentSchedulesQuery = { customer: { id: string, paymentSchedules: { totalCount: number, edges: Array<{ cursor: string, node: { id: string, name: string, status: ScheduleStatus, isOverdue: boolean, invoicing: Invoicing, total: { amount: string, currency: string }, paid: { amount: string, currency: string }, remaining: { amount: string, currency: string }, subscription: { id: string, plan: { name: string } } | null, nextInstallment: { id: string, name: string, dueOn: string, isOverdue: boolean, remaining: { amount: string, currency: string } } | null } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } } | null };

export type PaymentsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  filter?: PaymentFilter | null | undefined;
}>;


export type PaymentsQuery = { customer: { id: string, currency: string, paymentMethods: { nodes: Array<{ id: string, kind: PaymentMethodKind, brand: string | null, last4: string | null, expiresOn: string | null, isDefault: boolean, isExpired: boolean, isInUse: boolean, version: number, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }> }, unpaid: { nodes: Array<{ id: string, number: string, status: InvoiceStatus, dueOn: string, isOverdue: boolean, daysOverdue: number, total: { amount: string, currency: string }, amountRemaining: { amount: string, currency: string }, collection: { state: Collection, nextAttemptAt: string | null, message: string | null }, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }> }, creditNotes: { nodes: Array<{ id: string, number: string, reason: CreditNoteReason, issuedAt: string, total: { amount: string, currency: string }, invoice: { id: string, number: string } }> }, payments: { totalCount: number, edges: Array<{ cursor: string, node: { id: string, status: PaymentStatus, createdAt: string, settledAt: string | null, receiptNumber: string | null, declineCode: string | null, retryable: boolean, amount: { amount: string, currency: string }, refunded: { amount: string, currency: string }, refunds: Array<{ id: string, status: RefundStatus, reason: RefundReason, createdAt: string, settledAt: string | null, amount: { amount: string, currency: string } }>, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null }, allocations: Array<{ amount: { amount: string, currency: string }, invoice: { id: string, number: string, status: InvoiceStatus, total: { amount: string, currency: string }, attachments: { nodes: Array<{ id: string, fileName: string, sizeBytes: number, uploadedBy: Uploader }> } } | null, installment: { id: string, name: string, schedule: { id: string, name: string } } | null }> } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } } | null };

export type ProfileQueryVariables = Exact<{ [key: string]: never; }>;


export type ProfileQuery = { viewer: { kind: Actor, client: string, scopes: Array<string>, needsSignIn: boolean }, customer: { id: string, name: string, email: string, locale: string, timeZone: string, currency: string, createdAt: string, version: number, companyName: string | null, taxIds: Array<string>, billingAddress: { line1: string, line2: string | null, city: string | null, region: string | null, postalCode: string | null, country: string } | null } | null, sessions: { nodes: Array<{ id: string, method: SignInMethod, userAgent: string, network: string, createdAt: string, lastUsedAt: string, expiresAt: string, isCurrent: boolean }> } | null, grants: { nodes: Array<{ id: string, clientId: string, clientName: string, scopes: Array<string>, createdAt: string }> } | null };

export type SubscriptionQueryVariables = Exact<{
  id: string | number;
}>;


export type SubscriptionQuery = { node:
    | { id: string, status: SubscriptionStatus, suspendedBy: SuspendedBy | null, hasOverdue: boolean, quantity: number, startedAt: string, trialEndsAt: string | null, renewsAt: string | null, pausedAt: string | null, resumesAt: string | null, suspendedAt: string | null, canceledAt: string | null, cancelReason: CancelReason | null, version: number, currentPeriod: { startsAt: string, endsAt: string } | null, renewalAmount: { amount: string, currency: string }, pendingChange: { kind: PendingChangeKind, effectiveAt: string, quantity: number | null, resumesAt: string | null, plan: { id: string, name: string } | null, price: { interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string } } | null } | null, plan: { id: string, name: string, description: string }, price: { id: string, interval: BillingInterval, intervalCount: number, taxBehavior: TaxBehavior, unitAmount: { amount: string, currency: string } }, appliedCoupon: { redeemedAt: string, periodsLeft: number | null, coupon: { code: string, name: string, percentOff: string | null, duration: CouponDuration, amountOff: { amount: string, currency: string } | null } } | null, paymentMethod: { id: string, kind: PaymentMethodKind, brand: string | null, last4: string | null, isExpired: boolean } | null, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }>, cancellationOptions: Array<{ kind: RetentionKind, headline: string, couponCode: string | null, couponName: string | null, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string }, plan: { id: string, name: string } } | null }>, invoices: { nodes: Array<{ id: string, number: string, status: InvoiceStatus, issuedAt: string, dueOn: string, isOverdue: boolean, daysOverdue: number, total: { amount: string, currency: string }, amountRemaining: { amount: string, currency: string } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } }, history: { nodes: Array<{ kind: SubscriptionEventKind, happenedAt: string, actor: Actor, note: string }> } }
    | Record<PropertyKey, never>
   | null, plans: { nodes: Array<{ id: string, name: string, description: string, trialDays: number, prices: Array<{ id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string } }> }> } | null };

export type SubscriptionsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  filter?: SubscriptionFilter | null | undefined;
}>;


export type SubscriptionsQuery = { customer: { id: string, subscriptions: { totalCount: number, edges: Array<{ cursor: string, node: { id: string, status: SubscriptionStatus, suspendedBy: SuspendedBy | null, hasOverdue: boolean, quantity: number, version: number, renewsAt: string | null, resumesAt: string | null, renewalAmount: { amount: string, currency: string }, pendingChange: { kind: PendingChangeKind, effectiveAt: string, resumesAt: string | null, plan: { id: string, name: string } | null } | null, plan: { id: string, name: string }, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string } }, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } } | null, plans: { nodes: Array<{ id: string, name: string, description: string, trialDays: number, prices: Array<{ id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string } }> }> } | null };

export type SummaryQueryVariables = Exact<{ [key: string]: never; }>;


export type SummaryQuery = { customer: { id: string, name: string, locale: string, summary: { activeSubscriptions: number, activeSchedules: number, balance: Array<{ amount: string, currency: string }>, totalDue: Array<{ amount: string, currency: string }>, totalOverdue: Array<{ amount: string, currency: string }>, processing: Array<{ amount: string, currency: string }>, lastPayment: { id: string, status: PaymentStatus, settledAt: string | null, amount: { amount: string, currency: string }, methodSnapshot: { brand: string | null, last4: string | null } } | null, nextPayment: { date: string, kind: NextPaymentKind, amount: { amount: string, currency: string }, source:
          | { __typename: 'Attachment', id: string }
          | { __typename: 'CatalogCancellationOption', id: string }
          | { __typename: 'Coupon', id: string }
          | { __typename: 'CreditNote', id: string }
          | { __typename: 'Customer', id: string }
          | { __typename: 'Installment', id: string }
          | { __typename: 'Invoice', id: string }
          | { __typename: 'InvoiceLine', id: string }
          | { __typename: 'Payment', id: string }
          | { __typename: 'PaymentMethod', id: string }
          | { __typename: 'PaymentSchedule', id: string }
          | { __typename: 'Plan', id: string }
          | { __typename: 'Price', id: string }
          | { __typename: 'Refund', id: string }
          | { __typename: 'Subscription', id: string }
         | null } | null }, subscriptions: { nodes: Array<{ id: string, status: SubscriptionStatus, hasOverdue: boolean, quantity: number, renewsAt: string | null, renewalAmount: { amount: string, currency: string }, pendingChange: { kind: PendingChangeKind, effectiveAt: string } | null, plan: { id: string, name: string } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } }, paymentSchedules: { nodes: Array<{ id: string, name: string, isOverdue: boolean, total: { amount: string, currency: string }, remaining: { amount: string, currency: string }, nextInstallment: { id: string, name: string, dueOn: string, remaining: { amount: string, currency: string } } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } }, payments: { nodes: Array<{ id: string, status: PaymentStatus, createdAt: string, amount: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null }, allocations: Array<{ amount: { amount: string, currency: string }, invoice: { id: string, number: string, status: InvoiceStatus } | null }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } }, paymentMethods: { nodes: Array<{ id: string, kind: PaymentMethodKind, brand: string | null, last4: string | null, expiresOn: string | null, isDefault: boolean, isExpired: boolean, isInUse: boolean, version: number, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } } | null };

export type CompleteAttachmentUploadsMutationVariables = Exact<{
  input: CompleteAttachmentUploadsInput;
}>;


export type CompleteAttachmentUploadsMutation = { completeAttachmentUploads: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, attachments: Array<{ id: string, version: number, fileName: string, contentType: string, sizeBytes: number, status: AttachmentStatus, uploadedBy: Uploader, uploadedAt: string, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }> | null } | null };

export type CreateAttachmentUploadsMutationVariables = Exact<{
  input: CreateAttachmentUploadsInput;
}>;


export type CreateAttachmentUploadsMutation = { createAttachmentUploads: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, uploads: Array<{ url: string, expiresAt: string, attachment: { id: string, status: AttachmentStatus }, fields: Array<{ name: string, value: string }> }> | null } | null };

export type DeleteAttachmentMutationVariables = Exact<{
  input: DeleteAttachmentInput;
}>;


export type DeleteAttachmentMutation = { deleteAttachment: { replayed: boolean, deletedAttachmentId: string | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type UploadAttachmentsMutationVariables = Exact<{
  input: UploadAttachmentsInput;
}>;


export type UploadAttachmentsMutation = { uploadAttachments: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, attachments: Array<{ id: string, version: number, fileName: string, contentType: string, sizeBytes: number, status: AttachmentStatus, uploadedBy: Uploader, uploadedAt: string, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }> | null } | null };

export type AttachmentDownloadQueryVariables = Exact<{
  id: string | number;
}>;


export type AttachmentDownloadQuery = { node:
    | { id: string, downloadUrl: string | null }
    | Record<PropertyKey, never>
   | null };

export type CreditNoteDownloadQueryVariables = Exact<{
  id: string | number;
}>;


export type CreditNoteDownloadQuery = { node:
    | { id: string, document: { url: string, expiresAt: string } | null }
    | Record<PropertyKey, never>
   | null };

export type InvoiceDownloadQueryVariables = Exact<{
  id: string | number;
}>;


export type InvoiceDownloadQuery = { node:
    | { id: string, document: { url: string, expiresAt: string } | null }
    | Record<PropertyKey, never>
   | null };

export type ReceiptDownloadQueryVariables = Exact<{
  id: string | number;
}>;


export type ReceiptDownloadQuery = { node:
    | { id: string, receipt: { url: string, expiresAt: string } | null }
    | Record<PropertyKey, never>
   | null };

export type StatementDownloadQueryVariables = Exact<{
  currency: string;
  startsOn: string;
  endsOn: string;
}>;


export type StatementDownloadQuery = { customer: { id: string, statement: { pdfUrl: string, csvUrl: string, expiresAt: string } | null } | null };

export type ChangePasswordMutationVariables = Exact<{
  input: ChangePasswordInput;
}>;


export type ChangePasswordMutation = { changePassword: { replayed: boolean, done: boolean | null, device: string | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type ConfirmEmailChangeMutationVariables = Exact<{
  input: ConfirmEmailChangeInput;
}>;


export type ConfirmEmailChangeMutation = { confirmEmailChange: { replayed: boolean, done: boolean | null, device: string | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type EndSessionMutationVariables = Exact<{
  input: EndSessionInput;
}>;


export type EndSessionMutation = { endSession: { replayed: boolean, done: boolean | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type RedeemPortalLinkMutationVariables = Exact<{
  input: RedeemPortalLinkInput;
}>;


export type RedeemPortalLinkMutation = { redeemPortalLink: { replayed: boolean, device: string | null, landing: string | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, tokens: { accessToken: string, accessExpiresAt: string, refreshToken: string, refreshExpiresAt: string, sessionId: string, needsSignIn: boolean } | null } | null };

export type RefreshSessionMutationVariables = Exact<{
  input: RefreshSessionInput;
}>;


export type RefreshSessionMutation = { refreshSession: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, tokens: { accessToken: string, accessExpiresAt: string, refreshToken: string, refreshExpiresAt: string, sessionId: string, needsSignIn: boolean } | null } | null };

export type RequestEmailChangeMutationVariables = Exact<{
  input: RequestEmailChangeInput;
}>;


export type RequestEmailChangeMutation = { requestEmailChange: { replayed: boolean, done: boolean | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type RequestPasswordResetMutationVariables = Exact<{
  input: RequestPasswordResetInput;
}>;


export type RequestPasswordResetMutation = { requestPasswordReset: { replayed: boolean, done: boolean | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type ResetPasswordMutationVariables = Exact<{
  input: ResetPasswordInput;
}>;


export type ResetPasswordMutation = { resetPassword: { replayed: boolean, done: boolean | null, device: string | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type SignInMutationVariables = Exact<{
  input: SignInInput;
}>;


export type SignInMutation = { signIn: { replayed: boolean, device: string | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, tokens: { accessToken: string, accessExpiresAt: string, refreshToken: string, refreshExpiresAt: string, sessionId: string, needsSignIn: boolean } | null } | null };

export type SignOutMutationVariables = Exact<{
  input: SignOutInput;
}>;


export type SignOutMutation = { signOut: { replayed: boolean, done: boolean | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type SignOutEverywhereMutationVariables = Exact<{
  input: SignOutInput;
}>;


export type SignOutEverywhereMutation = { signOutEverywhere: { replayed: boolean, ended: number | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type UpdateProfileMutationVariables = Exact<{
  input: UpdateProfileInput;
}>;


export type UpdateProfileMutation = { updateProfile: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, customer: { id: string, version: number, name: string, email: string, locale: string, timeZone: string, companyName: string | null, taxIds: Array<string>, billingAddress: { line1: string, line2: string | null, city: string | null, region: string | null, postalCode: string | null, country: string } | null } | null } | null };

export type GrantAccessMutationVariables = Exact<{
  input: GrantAccessInput;
}>;


export type GrantAccessMutation = { grantAccess: { replayed: boolean, grant: { id: string, clientId: string, clientName: string, scopes: Array<string>, createdAt: string } | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type RevokeGrantMutationVariables = Exact<{
  input: RevokeGrantInput;
}>;


export type RevokeGrantMutation = { revokeGrant: { done: boolean | null, replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type CompleteAddPaymentMethodMutationVariables = Exact<{
  input: CompleteAddPaymentMethodInput;
}>;


export type CompleteAddPaymentMethodMutation = { completeAddPaymentMethod: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, paymentMethod: { id: string, version: number, kind: PaymentMethodKind, brand: string | null, last4: string | null, expiresOn: string | null, isDefault: boolean, isExpired: boolean, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> } | null } | null };

export type ConfirmPaymentMutationVariables = Exact<{
  input: ConfirmPaymentInput;
}>;


export type ConfirmPaymentMutation = { confirmPayment: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, payment: { id: string, status: PaymentStatus, declineCode: string | null, retryable: boolean, amount: { formatted: string } } | null, clientAction: { clientSecret: string, publishableKey: string } | null } | null };

export type DeletePaymentMethodMutationVariables = Exact<{
  input: DeletePaymentMethodInput;
}>;


export type DeletePaymentMethodMutation = { deletePaymentMethod: { replayed: boolean, deletedPaymentMethodId: string | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type OperationQueryVariables = Exact<{
  idempotencyKey: string;
}>;


export type OperationQuery = { operation: { mutation: string, state: OperationState, startedAt: string, finishedAt: string | null, subscription: { id: string, version: number, status: SubscriptionStatus } | null, invoice: { id: string, status: InvoiceStatus } | null, installment: { id: string, status: InstallmentStatus } | null, payment: { id: string, status: PaymentStatus, declineCode: string | null } | null, attachments: Array<{ id: string, status: AttachmentStatus }> | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type PayAllDueMutationVariables = Exact<{
  input: PayAllDueInput;
}>;


export type PayAllDueMutation = { payAllDue: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, payment: { id: string, status: PaymentStatus, declineCode: string | null, retryable: boolean, amount: { formatted: string } } | null, clientAction: { clientSecret: string, publishableKey: string } | null } | null };

export type PayInstallmentMutationVariables = Exact<{
  input: PayInstallmentInput;
}>;


export type PayInstallmentMutation = { payInstallment: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, payment: { id: string, status: PaymentStatus, declineCode: string | null, retryable: boolean, amount: { formatted: string } } | null, clientAction: { clientSecret: string, publishableKey: string } | null, installment: { id: string, version: number, status: InstallmentStatus, remaining: { formatted: string }, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> } | null } | null };

export type PayInvoiceMutationVariables = Exact<{
  input: PayInvoiceInput;
}>;


export type PayInvoiceMutation = { payInvoice: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, payment: { id: string, status: PaymentStatus, declineCode: string | null, retryable: boolean, amount: { formatted: string } } | null, clientAction: { clientSecret: string, publishableKey: string } | null, invoice: { id: string, version: number, number: string, status: InvoiceStatus, isOverdue: boolean, total: { formatted: string }, amountRemaining: { formatted: string }, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> } | null } | null };

export type SetDefaultPaymentMethodMutationVariables = Exact<{
  input: SetDefaultPaymentMethodInput;
}>;


export type SetDefaultPaymentMethodMutation = { setDefaultPaymentMethod: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, paymentMethod: { id: string, version: number, kind: PaymentMethodKind, brand: string | null, last4: string | null, expiresOn: string | null, isDefault: boolean, isExpired: boolean, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> } | null } | null };

export type StartAddPaymentMethodMutationVariables = Exact<{
  input: StartAddPaymentMethodInput;
}>;


export type StartAddPaymentMethodMutation = { startAddPaymentMethod: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, setup: { reference: string, action: { clientSecret: string, publishableKey: string } } | null } | null };

export type PreviewAddPlanQueryVariables = Exact<{
  input: AddPlanInput;
}>;


export type PreviewAddPlanQuery = { previewAddPlan: { preview: { effectiveAt: string, status: SubscriptionStatus, trialEndsAt: string | null, renewsAt: string | null, warnings: Array<Warning>, previewToken: string, lines: Array<{ description: string, quantity: number, startsAt: string, endsAt: string, total: { amount: string, currency: string } }>, creditNotes: Array<{ reason: CreditNoteReason, total: { amount: string, currency: string }, amountToBalance: { amount: string, currency: string }, invoice: { id: string, number: string } }>, invoiceTotal: { amount: string, currency: string }, creditUsed: { amount: string, currency: string }, amountDue: { amount: string, currency: string }, creditGranted: { amount: string, currency: string }, renewalAmount: { amount: string, currency: string } } | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type PreviewApplyCouponQueryVariables = Exact<{
  input: ApplyCouponInput;
}>;


export type PreviewApplyCouponQuery = { previewApplyCoupon: { preview: { effectiveAt: string, status: SubscriptionStatus, trialEndsAt: string | null, renewsAt: string | null, warnings: Array<Warning>, previewToken: string, lines: Array<{ description: string, quantity: number, startsAt: string, endsAt: string, total: { amount: string, currency: string } }>, creditNotes: Array<{ reason: CreditNoteReason, total: { amount: string, currency: string }, amountToBalance: { amount: string, currency: string }, invoice: { id: string, number: string } }>, invoiceTotal: { amount: string, currency: string }, creditUsed: { amount: string, currency: string }, amountDue: { amount: string, currency: string }, creditGranted: { amount: string, currency: string }, renewalAmount: { amount: string, currency: string } } | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type PreviewCancelSubscriptionQueryVariables = Exact<{
  input: CancelSubscriptionInput;
}>;


export type PreviewCancelSubscriptionQuery = { previewCancelSubscription: { preview: { effectiveAt: string, status: SubscriptionStatus, trialEndsAt: string | null, renewsAt: string | null, warnings: Array<Warning>, previewToken: string, lines: Array<{ description: string, quantity: number, startsAt: string, endsAt: string, total: { amount: string, currency: string } }>, creditNotes: Array<{ reason: CreditNoteReason, total: { amount: string, currency: string }, amountToBalance: { amount: string, currency: string }, invoice: { id: string, number: string } }>, invoiceTotal: { amount: string, currency: string }, creditUsed: { amount: string, currency: string }, amountDue: { amount: string, currency: string }, creditGranted: { amount: string, currency: string }, renewalAmount: { amount: string, currency: string } } | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type PreviewChangePlanQueryVariables = Exact<{
  input: ChangePlanInput;
}>;


export type PreviewChangePlanQuery = { previewChangePlan: { preview: { effectiveAt: string, status: SubscriptionStatus, trialEndsAt: string | null, renewsAt: string | null, warnings: Array<Warning>, previewToken: string, lines: Array<{ description: string, quantity: number, startsAt: string, endsAt: string, total: { amount: string, currency: string } }>, creditNotes: Array<{ reason: CreditNoteReason, total: { amount: string, currency: string }, amountToBalance: { amount: string, currency: string }, invoice: { id: string, number: string } }>, invoiceTotal: { amount: string, currency: string }, creditUsed: { amount: string, currency: string }, amountDue: { amount: string, currency: string }, creditGranted: { amount: string, currency: string }, renewalAmount: { amount: string, currency: string } } | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type PreviewPauseSubscriptionQueryVariables = Exact<{
  input: PauseSubscriptionInput;
}>;


export type PreviewPauseSubscriptionQuery = { previewPauseSubscription: { preview: { effectiveAt: string, status: SubscriptionStatus, trialEndsAt: string | null, renewsAt: string | null, warnings: Array<Warning>, previewToken: string, lines: Array<{ description: string, quantity: number, startsAt: string, endsAt: string, total: { amount: string, currency: string } }>, creditNotes: Array<{ reason: CreditNoteReason, total: { amount: string, currency: string }, amountToBalance: { amount: string, currency: string }, invoice: { id: string, number: string } }>, invoiceTotal: { amount: string, currency: string }, creditUsed: { amount: string, currency: string }, amountDue: { amount: string, currency: string }, creditGranted: { amount: string, currency: string }, renewalAmount: { amount: string, currency: string } } | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type PreviewRemoveCouponQueryVariables = Exact<{
  input: RemoveCouponInput;
}>;


export type PreviewRemoveCouponQuery = { previewRemoveCoupon: { preview: { effectiveAt: string, status: SubscriptionStatus, trialEndsAt: string | null, renewsAt: string | null, warnings: Array<Warning>, previewToken: string, lines: Array<{ description: string, quantity: number, startsAt: string, endsAt: string, total: { amount: string, currency: string } }>, creditNotes: Array<{ reason: CreditNoteReason, total: { amount: string, currency: string }, amountToBalance: { amount: string, currency: string }, invoice: { id: string, number: string } }>, invoiceTotal: { amount: string, currency: string }, creditUsed: { amount: string, currency: string }, amountDue: { amount: string, currency: string }, creditGranted: { amount: string, currency: string }, renewalAmount: { amount: string, currency: string } } | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type PreviewResumeSubscriptionQueryVariables = Exact<{
  input: ResumeSubscriptionInput;
}>;


export type PreviewResumeSubscriptionQuery = { previewResumeSubscription: { preview: { effectiveAt: string, status: SubscriptionStatus, trialEndsAt: string | null, renewsAt: string | null, warnings: Array<Warning>, previewToken: string, lines: Array<{ description: string, quantity: number, startsAt: string, endsAt: string, total: { amount: string, currency: string } }>, creditNotes: Array<{ reason: CreditNoteReason, total: { amount: string, currency: string }, amountToBalance: { amount: string, currency: string }, invoice: { id: string, number: string } }>, invoiceTotal: { amount: string, currency: string }, creditUsed: { amount: string, currency: string }, amountDue: { amount: string, currency: string }, creditGranted: { amount: string, currency: string }, renewalAmount: { amount: string, currency: string } } | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type PreviewSuspendSubscriptionQueryVariables = Exact<{
  input: SuspendSubscriptionInput;
}>;


export type PreviewSuspendSubscriptionQuery = { previewSuspendSubscription: { preview: { effectiveAt: string, status: SubscriptionStatus, trialEndsAt: string | null, renewsAt: string | null, warnings: Array<Warning>, previewToken: string, lines: Array<{ description: string, quantity: number, startsAt: string, endsAt: string, total: { amount: string, currency: string } }>, creditNotes: Array<{ reason: CreditNoteReason, total: { amount: string, currency: string }, amountToBalance: { amount: string, currency: string }, invoice: { id: string, number: string } }>, invoiceTotal: { amount: string, currency: string }, creditUsed: { amount: string, currency: string }, amountDue: { amount: string, currency: string }, creditGranted: { amount: string, currency: string }, renewalAmount: { amount: string, currency: string } } | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type PreviewUpdateQuantityQueryVariables = Exact<{
  input: UpdateQuantityInput;
}>;


export type PreviewUpdateQuantityQuery = { previewUpdateQuantity: { preview: { effectiveAt: string, status: SubscriptionStatus, trialEndsAt: string | null, renewsAt: string | null, warnings: Array<Warning>, previewToken: string, lines: Array<{ description: string, quantity: number, startsAt: string, endsAt: string, total: { amount: string, currency: string } }>, creditNotes: Array<{ reason: CreditNoteReason, total: { amount: string, currency: string }, amountToBalance: { amount: string, currency: string }, invoice: { id: string, number: string } }>, invoiceTotal: { amount: string, currency: string }, creditUsed: { amount: string, currency: string }, amountDue: { amount: string, currency: string }, creditGranted: { amount: string, currency: string }, renewalAmount: { amount: string, currency: string } } | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type PreviewWithdrawPendingChangeQueryVariables = Exact<{
  input: WithdrawPendingChangeInput;
}>;


export type PreviewWithdrawPendingChangeQuery = { previewWithdrawPendingChange: { preview: { effectiveAt: string, status: SubscriptionStatus, trialEndsAt: string | null, renewsAt: string | null, warnings: Array<Warning>, previewToken: string, lines: Array<{ description: string, quantity: number, startsAt: string, endsAt: string, total: { amount: string, currency: string } }>, creditNotes: Array<{ reason: CreditNoteReason, total: { amount: string, currency: string }, amountToBalance: { amount: string, currency: string }, invoice: { id: string, number: string } }>, invoiceTotal: { amount: string, currency: string }, creditUsed: { amount: string, currency: string }, amountDue: { amount: string, currency: string }, creditGranted: { amount: string, currency: string }, renewalAmount: { amount: string, currency: string } } | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type AddPlanMutationVariables = Exact<{
  input: AddPlanInput;
}>;


export type AddPlanMutation = { addPlan: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, subscription: { id: string, version: number, status: SubscriptionStatus, suspendedBy: SuspendedBy | null, quantity: number, renewsAt: string | null, resumesAt: string | null, plan: { id: string, name: string }, price: { id: string }, currentPeriod: { startsAt: string, endsAt: string } | null, pendingChange: { kind: PendingChangeKind, effectiveAt: string } | null, renewalAmount: { formatted: string }, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> } | null, invoice: { id: string, version: number, number: string, status: InvoiceStatus, isOverdue: boolean, total: { formatted: string }, amountRemaining: { formatted: string }, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> } | null, payment: { id: string, status: PaymentStatus, declineCode: string | null, retryable: boolean, amount: { formatted: string } } | null, clientAction: { clientSecret: string, publishableKey: string } | null } | null };

export type ApplyCouponMutationVariables = Exact<{
  input: ApplyCouponInput;
}>;


export type ApplyCouponMutation = { applyCoupon: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, subscription: { id: string, version: number, status: SubscriptionStatus, suspendedBy: SuspendedBy | null, quantity: number, renewsAt: string | null, resumesAt: string | null, plan: { id: string, name: string }, price: { id: string }, currentPeriod: { startsAt: string, endsAt: string } | null, pendingChange: { kind: PendingChangeKind, effectiveAt: string } | null, renewalAmount: { formatted: string }, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> } | null } | null };

export type CancelSubscriptionMutationVariables = Exact<{
  input: CancelSubscriptionInput;
}>;


export type CancelSubscriptionMutation = { cancelSubscription: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, subscription: { id: string, version: number, status: SubscriptionStatus, suspendedBy: SuspendedBy | null, quantity: number, renewsAt: string | null, resumesAt: string | null, plan: { id: string, name: string }, price: { id: string }, currentPeriod: { startsAt: string, endsAt: string } | null, pendingChange: { kind: PendingChangeKind, effectiveAt: string } | null, renewalAmount: { formatted: string }, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> } | null } | null };

export type ChangePlanMutationVariables = Exact<{
  input: ChangePlanInput;
}>;


export type ChangePlanMutation = { changePlan: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, subscription: { id: string, version: number, status: SubscriptionStatus, suspendedBy: SuspendedBy | null, quantity: number, renewsAt: string | null, resumesAt: string | null, plan: { id: string, name: string }, price: { id: string }, currentPeriod: { startsAt: string, endsAt: string } | null, pendingChange: { kind: PendingChangeKind, effectiveAt: string } | null, renewalAmount: { formatted: string }, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> } | null, invoice: { id: string, version: number, number: string, status: InvoiceStatus, isOverdue: boolean, total: { formatted: string }, amountRemaining: { formatted: string }, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> } | null, payment: { id: string, status: PaymentStatus, declineCode: string | null, retryable: boolean, amount: { formatted: string } } | null, clientAction: { clientSecret: string, publishableKey: string } | null } | null };

export type PauseSubscriptionMutationVariables = Exact<{
  input: PauseSubscriptionInput;
}>;


export type PauseSubscriptionMutation = { pauseSubscription: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, subscription: { id: string, version: number, status: SubscriptionStatus, suspendedBy: SuspendedBy | null, quantity: number, renewsAt: string | null, resumesAt: string | null, plan: { id: string, name: string }, price: { id: string }, currentPeriod: { startsAt: string, endsAt: string } | null, pendingChange: { kind: PendingChangeKind, effectiveAt: string } | null, renewalAmount: { formatted: string }, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> } | null } | null };

export type RemoveCouponMutationVariables = Exact<{
  input: RemoveCouponInput;
}>;


export type RemoveCouponMutation = { removeCoupon: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, subscription: { id: string, version: number, status: SubscriptionStatus, suspendedBy: SuspendedBy | null, quantity: number, renewsAt: string | null, resumesAt: string | null, plan: { id: string, name: string }, price: { id: string }, currentPeriod: { startsAt: string, endsAt: string } | null, pendingChange: { kind: PendingChangeKind, effectiveAt: string } | null, renewalAmount: { formatted: string }, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> } | null } | null };

export type ResumeSubscriptionMutationVariables = Exact<{
  input: ResumeSubscriptionInput;
}>;


export type ResumeSubscriptionMutation = { resumeSubscription: { replayed: boolean, resumedFrom: ResumedFrom | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, subscription: { id: string, version: number, status: SubscriptionStatus, suspendedBy: SuspendedBy | null, quantity: number, renewsAt: string | null, resumesAt: string | null, plan: { id: string, name: string }, price: { id: string }, currentPeriod: { startsAt: string, endsAt: string } | null, pendingChange: { kind: PendingChangeKind, effectiveAt: string } | null, renewalAmount: { formatted: string }, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> } | null, invoice: { id: string, version: number, number: string, status: InvoiceStatus, isOverdue: boolean, total: { formatted: string }, amountRemaining: { formatted: string }, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> } | null, payment: { id: string, status: PaymentStatus, declineCode: string | null, retryable: boolean, amount: { formatted: string } } | null, clientAction: { clientSecret: string, publishableKey: string } | null } | null };

export type SuspendSubscriptionMutationVariables = Exact<{
  input: SuspendSubscriptionInput;
}>;


export type SuspendSubscriptionMutation = { suspendSubscription: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, subscription: { id: string, version: number, status: SubscriptionStatus, suspendedBy: SuspendedBy | null, quantity: number, renewsAt: string | null, resumesAt: string | null, plan: { id: string, name: string }, price: { id: string }, currentPeriod: { startsAt: string, endsAt: string } | null, pendingChange: { kind: PendingChangeKind, effectiveAt: string } | null, renewalAmount: { formatted: string }, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> } | null } | null };

export type UpdateQuantityMutationVariables = Exact<{
  input: UpdateQuantityInput;
}>;


export type UpdateQuantityMutation = { updateQuantity: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, subscription: { id: string, version: number, status: SubscriptionStatus, suspendedBy: SuspendedBy | null, quantity: number, renewsAt: string | null, resumesAt: string | null, plan: { id: string, name: string }, price: { id: string }, currentPeriod: { startsAt: string, endsAt: string } | null, pendingChange: { kind: PendingChangeKind, effectiveAt: string } | null, renewalAmount: { formatted: string }, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> } | null, invoice: { id: string, version: number, number: string, status: InvoiceStatus, isOverdue: boolean, total: { formatted: string }, amountRemaining: { formatted: string }, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> } | null, payment: { id: string, status: PaymentStatus, declineCode: string | null, retryable: boolean, amount: { formatted: string } } | null, clientAction: { clientSecret: string, publishableKey: string } | null } | null };

export type WithdrawPendingChangeMutationVariables = Exact<{
  input: WithdrawPendingChangeInput;
}>;


export type WithdrawPendingChangeMutation = { withdrawPendingChange: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, subscription: { id: string, version: number, status: SubscriptionStatus, suspendedBy: SuspendedBy | null, quantity: number, renewsAt: string | null, resumesAt: string | null, plan: { id: string, name: string }, price: { id: string }, currentPeriod: { startsAt: string, endsAt: string } | null, pendingChange: { kind: PendingChangeKind, effectiveAt: string } | null, renewalAmount: { formatted: string }, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> } | null } | null };

export const AttachmentsFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Attachments"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Attachable"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"attachments"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"50"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"fileName"}},{"kind":"Field","name":{"kind":"Name","value":"contentType"}},{"kind":"Field","name":{"kind":"Name","value":"sizeBytes"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"uploadedBy"}},{"kind":"Field","name":{"kind":"Name","value":"uploadedAt"}},{"kind":"Field","name":{"kind":"Name","value":"downloadUrl"}},{"kind":"Field","name":{"kind":"Name","value":"availableActions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"action"}},{"kind":"Field","name":{"kind":"Name","value":"allowed"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}}]} as unknown as DocumentNode<AttachmentsFragment, unknown>;
export const GrantsDocument = {"__meta__":{"hash":"sha256:0e2320fd883c5f2e8f714133d05a9e0cba3cd083853a5360355897f625356c42"}} as unknown as DocumentNode<GrantsQuery, GrantsQueryVariables>;
export const InvoiceDocument = {"__meta__":{"hash":"sha256:075f16b546330b144941a4459c8ad86ae4fe811a4085108a95892c47dd6cf340"}} as unknown as DocumentNode<InvoiceQuery, InvoiceQueryVariables>;
export const PaymentScheduleDocument = {"__meta__":{"hash":"sha256:9bea50665bde232757dcd3761dd9d64c8770cf97ab19d0f4c2fbfa52c204999d"}} as unknown as DocumentNode<PaymentScheduleQuery, PaymentScheduleQueryVariables>;
export const PaymentSchedulesDocument = {"__meta__":{"hash":"sha256:113d1039fb61ae0bd728bb6469ce42e5a34d55aeba0df19a35482b8bf5fbe17a"}} as unknown as DocumentNode<PaymentSchedulesQuery, PaymentSchedulesQueryVariables>;
export const PaymentsDocument = {"__meta__":{"hash":"sha256:32b9c3ce11adb68cd7fdb99afc449b2ba82a14cabe670fe4c0eb9d688ac4f4d4"}} as unknown as DocumentNode<PaymentsQuery, PaymentsQueryVariables>;
export const ProfileDocument = {"__meta__":{"hash":"sha256:94c8a4ffcdc1528aedcf8e352020e0a18d7dad47ff5be336164381c967e9402f"}} as unknown as DocumentNode<ProfileQuery, ProfileQueryVariables>;
export const SubscriptionDocument = {"__meta__":{"hash":"sha256:74edc64c47e2303a075d55d459b0f407952583a318ec41738480d3d748eccfaa"}} as unknown as DocumentNode<SubscriptionQuery, SubscriptionQueryVariables>;
export const SubscriptionsDocument = {"__meta__":{"hash":"sha256:a924dd396d1939964ef83654d692fd278df64964ee14c7f7a6de32171aaea20c"}} as unknown as DocumentNode<SubscriptionsQuery, SubscriptionsQueryVariables>;
export const SummaryDocument = {"__meta__":{"hash":"sha256:8d624a0d248f3844cd172ff174dd75eac06270b5386e791bdb8bd09f566413da"}} as unknown as DocumentNode<SummaryQuery, SummaryQueryVariables>;
export const CompleteAttachmentUploadsDocument = {"__meta__":{"hash":"sha256:92863bc8f44d926189371300759f4eb076c36df64da4c25bd240ed76e7f7676d"}} as unknown as DocumentNode<CompleteAttachmentUploadsMutation, CompleteAttachmentUploadsMutationVariables>;
export const CreateAttachmentUploadsDocument = {"__meta__":{"hash":"sha256:f2e7f99c5e88f28dda3ff2cc5dbef850582797248285bdf292c4903a8c8004c0"}} as unknown as DocumentNode<CreateAttachmentUploadsMutation, CreateAttachmentUploadsMutationVariables>;
export const DeleteAttachmentDocument = {"__meta__":{"hash":"sha256:a1b9dd6ebf0d196cf683c77d704561125ddb47dd751286152f92f1b98861f55b"}} as unknown as DocumentNode<DeleteAttachmentMutation, DeleteAttachmentMutationVariables>;
export const UploadAttachmentsDocument = {"__meta__":{"hash":"sha256:ffb82a416e44d76883f386b240a4c55e0d9944188f0ef4acfe465d1476b5a913"}} as unknown as DocumentNode<UploadAttachmentsMutation, UploadAttachmentsMutationVariables>;
export const AttachmentDownloadDocument = {"__meta__":{"hash":"sha256:cc5e4736896a038f3a580995445efcc27a0757795d3bd6dc62ef99fc4d854565"}} as unknown as DocumentNode<AttachmentDownloadQuery, AttachmentDownloadQueryVariables>;
export const CreditNoteDownloadDocument = {"__meta__":{"hash":"sha256:f074c3b02ab0a15c58afffb0ade4be5d07745cf1543fe687a9f0ea7e90b1aee9"}} as unknown as DocumentNode<CreditNoteDownloadQuery, CreditNoteDownloadQueryVariables>;
export const InvoiceDownloadDocument = {"__meta__":{"hash":"sha256:ee4c207a8263f795545c18736668692c1318b1c8038d5ebdeddd9b24ff9b637d"}} as unknown as DocumentNode<InvoiceDownloadQuery, InvoiceDownloadQueryVariables>;
export const ReceiptDownloadDocument = {"__meta__":{"hash":"sha256:dc62bea6d32f430d940c36c6562b31fb2f101ef18688ea6557ceb8eac43096b7"}} as unknown as DocumentNode<ReceiptDownloadQuery, ReceiptDownloadQueryVariables>;
export const StatementDownloadDocument = {"__meta__":{"hash":"sha256:cbe9ae484ec092bed5dd784ba5cb211fb30b788d81bbe0f788fa7ec8365ca047"}} as unknown as DocumentNode<StatementDownloadQuery, StatementDownloadQueryVariables>;
export const ChangePasswordDocument = {"__meta__":{"hash":"sha256:28da97bec366a3ca46f127d53c6006003bab342fe80546bf1fe6f403291a9b22"}} as unknown as DocumentNode<ChangePasswordMutation, ChangePasswordMutationVariables>;
export const ConfirmEmailChangeDocument = {"__meta__":{"hash":"sha256:764b6b0186757efccbddaa75996f3809877fa9d895887fb651f1477af494d42f"}} as unknown as DocumentNode<ConfirmEmailChangeMutation, ConfirmEmailChangeMutationVariables>;
export const EndSessionDocument = {"__meta__":{"hash":"sha256:39238d838ebcdc53b1acd8cadb667bad68e876899251095468da625b77d2a7ce"}} as unknown as DocumentNode<EndSessionMutation, EndSessionMutationVariables>;
export const RedeemPortalLinkDocument = {"__meta__":{"hash":"sha256:17037621ad032dd4314d537691ad52599b05b2172e01523ba73d8efc151fce05"}} as unknown as DocumentNode<RedeemPortalLinkMutation, RedeemPortalLinkMutationVariables>;
export const RefreshSessionDocument = {"__meta__":{"hash":"sha256:7a70d0fce0c363e13b4bc22c917cfb13aaa7e59357f604aa4094d257a4afa0d5"}} as unknown as DocumentNode<RefreshSessionMutation, RefreshSessionMutationVariables>;
export const RequestEmailChangeDocument = {"__meta__":{"hash":"sha256:ead50bb3187846332d82b8bf1ba6a1d287a70dc03d1dcdacbe23894730c0a76d"}} as unknown as DocumentNode<RequestEmailChangeMutation, RequestEmailChangeMutationVariables>;
export const RequestPasswordResetDocument = {"__meta__":{"hash":"sha256:f8fd281ce21f32c8e8b4059cd431675d2f60c88994490e54bf348220552f4701"}} as unknown as DocumentNode<RequestPasswordResetMutation, RequestPasswordResetMutationVariables>;
export const ResetPasswordDocument = {"__meta__":{"hash":"sha256:2e5e75846f10a2b22914a9c68ecd93320eb889ee996642a88da36623fbe0c62f"}} as unknown as DocumentNode<ResetPasswordMutation, ResetPasswordMutationVariables>;
export const SignInDocument = {"__meta__":{"hash":"sha256:f321b4331248fe2e4e52ce37a6781b862ab1d6328f9b2d7e9b895256d35edb79"}} as unknown as DocumentNode<SignInMutation, SignInMutationVariables>;
export const SignOutDocument = {"__meta__":{"hash":"sha256:e867e369a9752a9d5b1ce65c6dbb1f413093b4e99e631c4d575335aff180f5bd"}} as unknown as DocumentNode<SignOutMutation, SignOutMutationVariables>;
export const SignOutEverywhereDocument = {"__meta__":{"hash":"sha256:1efc605c052be6e2ff72f8789b04c0105880d32b66ad370f80b9b12d797da278"}} as unknown as DocumentNode<SignOutEverywhereMutation, SignOutEverywhereMutationVariables>;
export const UpdateProfileDocument = {"__meta__":{"hash":"sha256:5545773491f4f5bd5b1a33d7eac3ae254664e448bbc3d60c42dec4e204bcb9ce"}} as unknown as DocumentNode<UpdateProfileMutation, UpdateProfileMutationVariables>;
export const GrantAccessDocument = {"__meta__":{"hash":"sha256:0abe3a4bc8c196dc0c09312d590ab0597ccf22fe7be6daeda5bd98df1acedf7f"}} as unknown as DocumentNode<GrantAccessMutation, GrantAccessMutationVariables>;
export const RevokeGrantDocument = {"__meta__":{"hash":"sha256:a8869442c1e350b055e8a7eeb9b4b836f24edd471226ff4980f3170d5bffd281"}} as unknown as DocumentNode<RevokeGrantMutation, RevokeGrantMutationVariables>;
export const CompleteAddPaymentMethodDocument = {"__meta__":{"hash":"sha256:65157186547b48f0b1cba7abe3da45649710b8676e3ee8da3b98f218d2de8aa9"}} as unknown as DocumentNode<CompleteAddPaymentMethodMutation, CompleteAddPaymentMethodMutationVariables>;
export const ConfirmPaymentDocument = {"__meta__":{"hash":"sha256:3ee54f8583ee7c280dd90719bc99a8659faf0d24011e376071fa1b22c4519f9f"}} as unknown as DocumentNode<ConfirmPaymentMutation, ConfirmPaymentMutationVariables>;
export const DeletePaymentMethodDocument = {"__meta__":{"hash":"sha256:1b84c355ad6fd22e3295564c63f9f951fcdf7451d323bae98c75668e30b20ef0"}} as unknown as DocumentNode<DeletePaymentMethodMutation, DeletePaymentMethodMutationVariables>;
export const OperationDocument = {"__meta__":{"hash":"sha256:aa5d920fcc76aed70d45fd46bb4f12bfc7934f9ea23ae8884aaec75fed37b6d7"}} as unknown as DocumentNode<OperationQuery, OperationQueryVariables>;
export const PayAllDueDocument = {"__meta__":{"hash":"sha256:5f0fd6d981fb151eccb2015d0bf5314b088277e6d0d1b75618c0319588aaa2d6"}} as unknown as DocumentNode<PayAllDueMutation, PayAllDueMutationVariables>;
export const PayInstallmentDocument = {"__meta__":{"hash":"sha256:64134dd33836cda6fafdc66783ddfa971123c63391196b7dff2fde5f7234b29d"}} as unknown as DocumentNode<PayInstallmentMutation, PayInstallmentMutationVariables>;
export const PayInvoiceDocument = {"__meta__":{"hash":"sha256:974ab587b0f7d706f573e74a2ff0ba3635235249f1bbaaab3dc04da5239a425e"}} as unknown as DocumentNode<PayInvoiceMutation, PayInvoiceMutationVariables>;
export const SetDefaultPaymentMethodDocument = {"__meta__":{"hash":"sha256:d86cfcd247455044aadeb48c5735f14d0be771f8a8957ceacec34ae461f49e58"}} as unknown as DocumentNode<SetDefaultPaymentMethodMutation, SetDefaultPaymentMethodMutationVariables>;
export const StartAddPaymentMethodDocument = {"__meta__":{"hash":"sha256:1c8be58dc53f9f5ae995edf8f01f4f805149befb61b1f195b2d7fea1288a678e"}} as unknown as DocumentNode<StartAddPaymentMethodMutation, StartAddPaymentMethodMutationVariables>;
export const PreviewAddPlanDocument = {"__meta__":{"hash":"sha256:3118af1ec2d99d1e25726008423a3a13c28bd29c80a56abae3b7e6e3f673e1db"}} as unknown as DocumentNode<PreviewAddPlanQuery, PreviewAddPlanQueryVariables>;
export const PreviewApplyCouponDocument = {"__meta__":{"hash":"sha256:e1a22d94a3e6ac74e7db15fc162bd906aee7b61d2e14d671695a862cbeeaf095"}} as unknown as DocumentNode<PreviewApplyCouponQuery, PreviewApplyCouponQueryVariables>;
export const PreviewCancelSubscriptionDocument = {"__meta__":{"hash":"sha256:3702dfc628d9055dd9f3176982cf83ecb0e4fa7dfef0a14e1d074c5735de96d3"}} as unknown as DocumentNode<PreviewCancelSubscriptionQuery, PreviewCancelSubscriptionQueryVariables>;
export const PreviewChangePlanDocument = {"__meta__":{"hash":"sha256:edd5059a30e38efeeee978044be201cad22b7de2f262e6995f5c698a5223e040"}} as unknown as DocumentNode<PreviewChangePlanQuery, PreviewChangePlanQueryVariables>;
export const PreviewPauseSubscriptionDocument = {"__meta__":{"hash":"sha256:2bf9b1a911c53df7834a83836686afd57a1674ad0b593a32217f009f69f21caf"}} as unknown as DocumentNode<PreviewPauseSubscriptionQuery, PreviewPauseSubscriptionQueryVariables>;
export const PreviewRemoveCouponDocument = {"__meta__":{"hash":"sha256:c7051a5fe452b6a5637d5ad38d5b50feed650c68e05208b6453e5a781165f9a3"}} as unknown as DocumentNode<PreviewRemoveCouponQuery, PreviewRemoveCouponQueryVariables>;
export const PreviewResumeSubscriptionDocument = {"__meta__":{"hash":"sha256:61467facaff4c855bcc878ba6b4d237e69343ce9a7d2a179ef1c8e1e98f13368"}} as unknown as DocumentNode<PreviewResumeSubscriptionQuery, PreviewResumeSubscriptionQueryVariables>;
export const PreviewSuspendSubscriptionDocument = {"__meta__":{"hash":"sha256:38e655aaf44ac34fb3cec8a1a39c3be859c94b548452fff68fa565e092191ed7"}} as unknown as DocumentNode<PreviewSuspendSubscriptionQuery, PreviewSuspendSubscriptionQueryVariables>;
export const PreviewUpdateQuantityDocument = {"__meta__":{"hash":"sha256:3f8e9f3ced5aec797949d484eb76f89c2202294c3edbf9e29673ad265b121b7a"}} as unknown as DocumentNode<PreviewUpdateQuantityQuery, PreviewUpdateQuantityQueryVariables>;
export const PreviewWithdrawPendingChangeDocument = {"__meta__":{"hash":"sha256:59a5926977d2bee1d71be6e835665d4351c33fb094bda9215b4ba90c8e258086"}} as unknown as DocumentNode<PreviewWithdrawPendingChangeQuery, PreviewWithdrawPendingChangeQueryVariables>;
export const AddPlanDocument = {"__meta__":{"hash":"sha256:79c7dd81fc42c4f0c8d484484aa40ff208221ae3a240c559ba4a4505bef34ead"}} as unknown as DocumentNode<AddPlanMutation, AddPlanMutationVariables>;
export const ApplyCouponDocument = {"__meta__":{"hash":"sha256:ace5bcbeafb1ea289a1b394d543ada857d1a977b1b7ce5a30329c317cd460ca3"}} as unknown as DocumentNode<ApplyCouponMutation, ApplyCouponMutationVariables>;
export const CancelSubscriptionDocument = {"__meta__":{"hash":"sha256:447a35b6812b8c7f185e7340667b5c532b5a68bfaf1d8329190ccc98b19a7436"}} as unknown as DocumentNode<CancelSubscriptionMutation, CancelSubscriptionMutationVariables>;
export const ChangePlanDocument = {"__meta__":{"hash":"sha256:968f6a94655f8c4dd0eacfb5f6fa6f5e12894adf45208f7b49fb7995c1cc5e98"}} as unknown as DocumentNode<ChangePlanMutation, ChangePlanMutationVariables>;
export const PauseSubscriptionDocument = {"__meta__":{"hash":"sha256:c57c70eb6fdd021a3d1e4931eec8286e53174ec77c31396b0dea800e7d91d8a2"}} as unknown as DocumentNode<PauseSubscriptionMutation, PauseSubscriptionMutationVariables>;
export const RemoveCouponDocument = {"__meta__":{"hash":"sha256:67580b8f2a78855ae3c62e730cd929f1ea59804a3eb40338adebf68fa33c617a"}} as unknown as DocumentNode<RemoveCouponMutation, RemoveCouponMutationVariables>;
export const ResumeSubscriptionDocument = {"__meta__":{"hash":"sha256:3c3b662ec93f7d42b7e5ad1f68c4c0a5e7fc5d692991775a2f633a29c21b1f27"}} as unknown as DocumentNode<ResumeSubscriptionMutation, ResumeSubscriptionMutationVariables>;
export const SuspendSubscriptionDocument = {"__meta__":{"hash":"sha256:382e023bdce36e90c0045a935333568d021db41cb403f9177b87cfbc067b2e63"}} as unknown as DocumentNode<SuspendSubscriptionMutation, SuspendSubscriptionMutationVariables>;
export const UpdateQuantityDocument = {"__meta__":{"hash":"sha256:fcd1f08231956b27e656d608b62add065451b70c342e10b73b2fab2b9ffc3de7"}} as unknown as DocumentNode<UpdateQuantityMutation, UpdateQuantityMutationVariables>;
export const WithdrawPendingChangeDocument = {"__meta__":{"hash":"sha256:c14fc2a47d8793ddcee4537527515e7d290c389432f5f4cb319ef8feaace31be"}} as unknown as DocumentNode<WithdrawPendingChangeMutation, WithdrawPendingChangeMutationVariables>;