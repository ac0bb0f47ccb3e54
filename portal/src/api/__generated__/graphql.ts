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
  /** For staff: let it be due later, by `extendDueDate`. */
  | 'EXTEND_DUE_DATE'
  /** For staff: suspend it for the merchant. */
  | 'HOLD'
  /** Stop future billing. */
  | 'PAUSE'
  /** Pay what remains. */
  | 'PAY'
  /** For staff: note until when the customer has promised to pay it, by `promiseToPay`. */
  | 'PROMISE'
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
  /** For staff: charge now what is due of it, by `retryNow`. */
  | 'RETRY'
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

/** A new link of the caller's calendar. */
export type CreateCalendarLinkInput = {
  /** A key of your own: a second call with it returns the answer of the first. */
  idempotencyKey?: string | null | undefined;
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

/** The status of an export of a customer's data. */
export type DataExportStatus =
  /** Its time is over. Request another one. */
  | 'EXPIRED'
  /** It could not be made. Request another one. */
  | 'FAILED'
  /** The worker makes it. */
  | 'MAKING'
  /** It can be downloaded. */
  | 'READY'
  /** The worker makes it soon. */
  | 'REQUESTED';

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
  /** The customer owes something: on an invoice, an installment or the account. */
  | 'AMOUNT_OWED'
  /** It is more than is left: to be paid, to be credited or to be refunded. */
  | 'AMOUNT_TOO_HIGH'
  /** The customer has credit, which would be lost. */
  | 'BALANCE_NOT_ZERO'
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
  /** The customer's personal data was erased. Nothing is changed or exported any more. */
  | 'CUSTOMER_ERASED'
  /** A document is not valid for the schema, or not for what it is to be used for. Nothing was published or saved. */
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
  /** A payment or a refund of the customer is under way. */
  | 'MONEY_IN_FLIGHT'
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
  /** The running period of an imported subscription is over. Past periods are never billed. */
  | 'PERIOD_LAPSED'
  /** The plan or price is no longer sold. */
  | 'PLAN_UNAVAILABLE'
  /** The result would differ from the preview, or the preview is older than 10 minutes. Preview again. */
  | 'PREVIEW_EXPIRED'
  /** The largest number of files is attached already. */
  | 'QUOTA_EXCEEDED'
  /** The processor refused the refund, and nothing was changed. */
  | 'REFUND_DECLINED'
  /** An imported subscription renews within a day, so the system that it came from may still bill it. */
  | 'RENEWS_SOON'
  /** The subscription has to be resumed first. */
  | 'RESUME_FIRST'
  /** The session has ended. Sign in again. */
  | 'SESSION_ENDED'
  /** The payment method setup is not complete, or the processor refused the method. */
  | 'SETUP_UNFINISHED'
  /** Only the customer may do this, and the session does not prove who is in it: it began with a portal link that staff had seen, or the token names somebody who acts for the customer. */
  | 'SIGN_IN_REQUIRED'
  /** The customer has a subscription that has not ended. */
  | 'SUBSCRIPTION_RUNNING'
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

/** Why an invoice was made. */
export type InvoiceReason =
  /** A subscription began. */
  | 'FIRST'
  /** The merchant wrote it. */
  | 'MANUAL'
  /** A plan was changed within a period. */
  | 'PLAN_CHANGE'
  /** A subscription renewed. */
  | 'RENEWAL'
  /** A payment schedule is invoiced. */
  | 'SCHEDULE';

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

/** How a portal link reaches the customer. */
export type LinkDelivery =
  /** It is mailed only to the address with which the customer signs in. */
  | 'MAIL'
  /** It is returned to the caller. The caller may have opened it, so in the session that it begins some mutations are refused with SIGN_IN_REQUIRED. */
  | 'RETURN';

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

/** A request for everything that is stored about the caller. */
export type RequestMyDataInput = {
  /** A key of your own: a second call with it returns the answer of the first. */
  idempotencyKey?: string | null | undefined;
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

/** The link of the calendar that ends. */
export type RevokeCalendarLinkInput = {
  /** For staff, who name the customer for whom they act. All other callers leave it out. */
  customerId?: string | number | null | undefined;
  /** A key of your own: a second call with it returns the answer of the first. */
  idempotencyKey?: string | null | undefined;
};

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
  /** The merchant's import: it was bought elsewhere, is not billed here yet, and `releaseImported` lifts it. */
  | 'IMPORT'
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

export type AccountQueryVariables = Exact<{ [key: string]: never; }>;


export type AccountQuery = { viewer: { kind: Actor, client: string, scopes: Array<string>, needsSignIn: boolean }, customer: { id: string, version: number, name: string, email: string, locale: string, timeZone: string, companyName: string | null, billingAddress: { line1: string, line2: string | null, city: string | null, region: string | null, postalCode: string | null, country: string } | null, dataExport: { id: string, status: DataExportStatus, requestedAt: string, expiresAt: string | null, sizeBytes: number | null, missing: Array<string> } | null } | null, sessions: { nodes: Array<{ id: string, method: SignInMethod, userAgent: string, network: string, createdAt: string, lastUsedAt: string, expiresAt: string, isCurrent: boolean }> } | null, grants: { nodes: Array<{ id: string, clientId: string, clientName: string, scopes: Array<string>, createdAt: string }> } | null };

export type CreditNotesQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type CreditNotesQuery = { customer: { id: string, creditNotes: { totalCount: number, nodes: Array<{ id: string, number: string, reason: CreditNoteReason, issuedAt: string, total: { amount: string, currency: string }, amountReleased: { amount: string, currency: string }, amountToBalance: { amount: string, currency: string }, amountRefunded: { amount: string, currency: string }, invoice: { id: string, number: string } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null } | null };

export type DownloadsQueryVariables = Exact<{
  ids: Array<string | number> | string | number;
}>;


export type DownloadsQuery = { nodes: Array<
    | { __typename: 'Attachment', downloadUrl: string | null, id: string }
    | { __typename: 'CatalogCancellationOption', id: string }
    | { __typename: 'Coupon', id: string }
    | { __typename: 'CreditNote', id: string, document: { url: string, expiresAt: string } | null, eInvoice: { url: string, expiresAt: string } | null }
    | { __typename: 'Customer', id: string }
    | { __typename: 'DataExport', id: string }
    | { __typename: 'Event', id: string }
    | { __typename: 'Grant', id: string }
    | { __typename: 'Installment', id: string }
    | { __typename: 'Invoice', id: string, document: { url: string, expiresAt: string } | null, eInvoice: { url: string, expiresAt: string } | null }
    | { __typename: 'InvoiceLine', id: string }
    | { __typename: 'Payment', id: string, receipt: { url: string, expiresAt: string } | null }
    | { __typename: 'PaymentMethod', id: string }
    | { __typename: 'PaymentSchedule', id: string }
    | { __typename: 'Plan', id: string }
    | { __typename: 'PortalSession', id: string }
    | { __typename: 'Price', id: string }
    | { __typename: 'Refund', id: string }
    | { __typename: 'Subscription', id: string }
    | { __typename: 'Summary', id: string }
   | null> | null };

export type GrantsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type GrantsQuery = { grants: { totalCount: number, nodes: Array<{ id: string, clientId: string, clientName: string, scopes: Array<string>, createdAt: string }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null };

export type InvoiceQueryVariables = Exact<{
  id: string | number;
}>;


export type InvoiceQuery = { node:
    | { __typename: 'Invoice', id: string, version: number, number: string, status: InvoiceStatus, reason: InvoiceReason, issuedAt: string, dueOn: string, paidAt: string | null, isOverdue: boolean, daysOverdue: number, memo: string | null, period: { startsAt: string, endsAt: string } | null, subtotal: { amount: string, currency: string }, discount: { amount: string, currency: string }, tax: { amount: string, currency: string }, total: { amount: string, currency: string }, amountPaid: { amount: string, currency: string }, amountCredited: { amount: string, currency: string }, amountRefunded: { amount: string, currency: string }, amountRemaining: { amount: string, currency: string }, payable: { amount: string, currency: string } | null, collection: { state: Collection, nextAttemptAt: string | null, message: string | null }, subscription: { id: string, status: SubscriptionStatus, plan: { id: string, name: string } } | null, paymentSchedule: { id: string, name: string } | null, taxes: Array<{ taxRate: string | null, netAmount: { amount: string, currency: string }, tax: { amount: string, currency: string } }>, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }>, lines: { totalCount: number, nodes: Array<{ id: string, position: number, description: string, quantity: number, unitAmount: { amount: string, currency: string }, discount: { amount: string, currency: string }, total: { amount: string, currency: string }, period: { startsAt: string, endsAt: string } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, payments: { nodes: Array<{ id: string, status: PaymentStatus, createdAt: string, settledAt: string | null, declineCode: string | null, retryable: boolean, amount: { amount: string, currency: string }, refunded: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, creditNotes: { nodes: Array<{ id: string, number: string, issuedAt: string, total: { amount: string, currency: string } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, attachments: { totalCount: number, nodes: Array<{ id: string, version: number, fileName: string, contentType: string, sizeBytes: number, status: AttachmentStatus, uploadedBy: Uploader, uploadedAt: string, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null }
    | Record<PropertyKey, never>
   | null, limits: { maxFileBytes: number, maxGroupBytes: number, maxGroupFiles: number, maxFilesPerParent: number | null, contentTypes: Array<string> } };

export type InvoiceDetailFragment = { __typename: 'Invoice', id: string, version: number, number: string, status: InvoiceStatus, reason: InvoiceReason, issuedAt: string, dueOn: string, paidAt: string | null, isOverdue: boolean, daysOverdue: number, memo: string | null, period: { startsAt: string, endsAt: string } | null, subtotal: { amount: string, currency: string }, discount: { amount: string, currency: string }, tax: { amount: string, currency: string }, total: { amount: string, currency: string }, amountPaid: { amount: string, currency: string }, amountCredited: { amount: string, currency: string }, amountRefunded: { amount: string, currency: string }, amountRemaining: { amount: string, currency: string }, payable: { amount: string, currency: string } | null, collection: { state: Collection, nextAttemptAt: string | null, message: string | null }, subscription: { id: string, status: SubscriptionStatus, plan: { id: string, name: string } } | null, paymentSchedule: { id: string, name: string } | null, taxes: Array<{ taxRate: string | null, netAmount: { amount: string, currency: string }, tax: { amount: string, currency: string } }>, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }>, lines: { totalCount: number, nodes: Array<{ id: string, position: number, description: string, quantity: number, unitAmount: { amount: string, currency: string }, discount: { amount: string, currency: string }, total: { amount: string, currency: string }, period: { startsAt: string, endsAt: string } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, payments: { nodes: Array<{ id: string, status: PaymentStatus, createdAt: string, settledAt: string | null, declineCode: string | null, retryable: boolean, amount: { amount: string, currency: string }, refunded: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, creditNotes: { nodes: Array<{ id: string, number: string, issuedAt: string, total: { amount: string, currency: string } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, attachments: { totalCount: number, nodes: Array<{ id: string, version: number, fileName: string, contentType: string, sizeBytes: number, status: AttachmentStatus, uploadedBy: Uploader, uploadedAt: string, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null };

type Attachments_Invoice_Fragment = { __typename: 'Invoice', id: string, attachments: { totalCount: number, nodes: Array<{ id: string, version: number, fileName: string, contentType: string, sizeBytes: number, status: AttachmentStatus, uploadedBy: Uploader, uploadedAt: string, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null };

type Attachments_PaymentSchedule_Fragment = { __typename: 'PaymentSchedule', id: string, attachments: { totalCount: number, nodes: Array<{ id: string, version: number, fileName: string, contentType: string, sizeBytes: number, status: AttachmentStatus, uploadedBy: Uploader, uploadedAt: string, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null };

export type AttachmentsFragment =
  | Attachments_Invoice_Fragment
  | Attachments_PaymentSchedule_Fragment
;

export type MyDataQueryVariables = Exact<{ [key: string]: never; }>;


export type MyDataQuery = { customer: { id: string, dataExport: { id: string, status: DataExportStatus, requestedBy: Uploader, requestedAt: string, readyAt: string | null, expiresAt: string | null, sizeBytes: number | null, sha256: string | null, missing: Array<string>, downloadUrl: string | null } | null } | null };

export type PaymentScheduleQueryVariables = Exact<{
  id: string | number;
}>;


export type PaymentScheduleQuery = { node:
    | { __typename: 'PaymentSchedule', id: string, version: number, name: string, status: ScheduleStatus, isOverdue: boolean, invoicing: Invoicing, createdAt: string, total: { amount: string, currency: string }, paid: { amount: string, currency: string }, remaining: { amount: string, currency: string }, nextInstallment: { id: string, name: string, dueOn: string, isOverdue: boolean, remaining: { amount: string, currency: string } } | null, subscription: { id: string, status: SubscriptionStatus, plan: { id: string, name: string } } | null, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }>, installments: { totalCount: number, nodes: Array<{ id: string, version: number, position: number, name: string, dueOn: string, status: InstallmentStatus, isOverdue: boolean, daysOverdue: number, amount: { amount: string, currency: string }, paid: { amount: string, currency: string }, remaining: { amount: string, currency: string }, payable: { amount: string, currency: string } | null, invoice: { id: string, number: string, status: InvoiceStatus } | null, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, attachments: { totalCount: number, nodes: Array<{ id: string, version: number, fileName: string, contentType: string, sizeBytes: number, status: AttachmentStatus, uploadedBy: Uploader, uploadedAt: string, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null }
    | Record<PropertyKey, never>
   | null, limits: { maxFileBytes: number, maxGroupBytes: number, maxGroupFiles: number, maxFilesPerParent: number | null, contentTypes: Array<string> } };

export type ScheduleDetailFragment = { id: string, version: number, name: string, status: ScheduleStatus, isOverdue: boolean, invoicing: Invoicing, createdAt: string, total: { amount: string, currency: string }, paid: { amount: string, currency: string }, remaining: { amount: string, currency: string }, nextInstallment: { id: string, name: string, dueOn: string, isOverdue: boolean, remaining: { amount: string, currency: string } } | null, subscription: { id: string, status: SubscriptionStatus, plan: { id: string, name: string } } | null, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }>, installments: { totalCount: number, nodes: Array<{ id: string, version: number, position: number, name: string, dueOn: string, status: InstallmentStatus, isOverdue: boolean, daysOverdue: number, amount: { amount: string, currency: string }, paid: { amount: string, currency: string }, remaining: { amount: string, currency: string }, payable: { amount: string, currency: string } | null, invoice: { id: string, number: string, status: InvoiceStatus } | null, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null };

export type PaymentSchedulesQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  filter?: ScheduleFilter | null | undefined;
}>;


export type PaymentSchedulesQuery = { customer: { id: string, paymentSchedules: { totalCount: number, edges: Array<{ cursor: string, node: { id: string, name: string, status: ScheduleStatus, isOverdue: boolean, invoicing: Invoicing, total: { amount: string, currency: string }, paid: { amount: string, currency: string }, remaining: { amount: string, currency: string }, subscription: { id: string, status: SubscriptionStatus, plan: { id: string, name: string } } | null, nextInstallment: { id: string, name: string, dueOn: string, isOverdue: boolean, remaining: { amount: string, currency: string } } | null } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null } | null };

export type PaymentsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  filter?: PaymentFilter | null | undefined;
}>;


export type PaymentsQuery = { customer: { currency: string, id: string, calendarUrl: string | null, creditNotes: { nodes: Array<{ id: string, number: string, reason: CreditNoteReason, issuedAt: string, total: { amount: string, currency: string } }> } | null, payments: { totalCount: number, edges: Array<{ cursor: string, node: { id: string, status: PaymentStatus, createdAt: string, settledAt: string | null, receiptNumber: string | null, declineCode: string | null, retryable: boolean, amount: { amount: string, currency: string }, refunded: { amount: string, currency: string }, refunds: Array<{ id: string, status: RefundStatus, reason: RefundReason, createdAt: string, settledAt: string | null, amount: { amount: string, currency: string } }>, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null }, allocations: Array<{ amount: { amount: string, currency: string }, invoice: { id: string, number: string, status: InvoiceStatus } | null, installment: { id: string, name: string, schedule: { id: string, name: string } } | null }> } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, paymentMethods: { nodes: Array<{ id: string, version: number, kind: PaymentMethodKind, brand: string | null, last4: string | null, expiresOn: string | null, isDefault: boolean, isExpired: boolean, isInUse: boolean, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, unpaid: { totalCount: number, nodes: Array<{ id: string, version: number, number: string, status: InvoiceStatus, dueOn: string, isOverdue: boolean, daysOverdue: number, total: { amount: string, currency: string }, amountRemaining: { amount: string, currency: string }, collection: { state: Collection, nextAttemptAt: string | null, message: string | null }, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }> } | null, calendarLink: { createdAt: string, lastUsedAt: string | null } | null } | null };

export type MethodsFragment = { id: string, paymentMethods: { nodes: Array<{ id: string, version: number, kind: PaymentMethodKind, brand: string | null, last4: string | null, expiresOn: string | null, isDefault: boolean, isExpired: boolean, isInUse: boolean, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null };

export type UnpaidFragment = { id: string, unpaid: { totalCount: number, nodes: Array<{ id: string, version: number, number: string, status: InvoiceStatus, dueOn: string, isOverdue: boolean, daysOverdue: number, total: { amount: string, currency: string }, amountRemaining: { amount: string, currency: string }, collection: { state: Collection, nextAttemptAt: string | null, message: string | null }, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }> } | null };

export type CalendarFragment = { id: string, calendarUrl: string | null, calendarLink: { createdAt: string, lastUsedAt: string | null } | null };

export type ProfileQueryVariables = Exact<{ [key: string]: never; }>;


export type ProfileQuery = { viewer: { kind: Actor, client: string, scopes: Array<string>, needsSignIn: boolean }, customer: { id: string, version: number, name: string, email: string, locale: string, timeZone: string, currency: string, createdAt: string, companyName: string | null, taxIds: Array<string>, billingAddress: { line1: string, line2: string | null, city: string | null, region: string | null, postalCode: string | null, country: string } | null } | null };

export type ProfileDetailFragment = { id: string, version: number, name: string, email: string, locale: string, timeZone: string, currency: string, createdAt: string, companyName: string | null, taxIds: Array<string>, billingAddress: { line1: string, line2: string | null, city: string | null, region: string | null, postalCode: string | null, country: string } | null };

export type SessionsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type SessionsQuery = { sessions: { totalCount: number, nodes: Array<{ id: string, method: SignInMethod, linkDelivery: LinkDelivery | null, client: string, userAgent: string, network: string, createdAt: string, lastUsedAt: string, expiresAt: string, isCurrent: boolean }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null };

export type SessionDetailFragment = { id: string, method: SignInMethod, linkDelivery: LinkDelivery | null, client: string, userAgent: string, network: string, createdAt: string, lastUsedAt: string, expiresAt: string, isCurrent: boolean };

export type StatementQueryVariables = Exact<{
  currency: string;
  startsOn: string;
  endsOn: string;
}>;


export type StatementQuery = { customer: { id: string, statement: { pdfUrl: string, csvUrl: string, expiresAt: string } | null } | null };

export type SubscriptionQueryVariables = Exact<{
  id: string | number;
}>;


export type SubscriptionQuery = { node:
    | { id: string, version: number, status: SubscriptionStatus, suspendedBy: SuspendedBy | null, hasOverdue: boolean, quantity: number, startedAt: string, createdAt: string, trialEndsAt: string | null, renewsAt: string | null, pausedAt: string | null, resumesAt: string | null, suspendedAt: string | null, canceledAt: string | null, cancelReason: CancelReason | null, cancelComment: string | null, currentPeriod: { startsAt: string, endsAt: string } | null, renewalAmount: { amount: string, currency: string }, pendingChange: { kind: PendingChangeKind, effectiveAt: string, quantity: number | null, resumesAt: string | null, plan: { id: string, name: string } | null, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string } } | null } | null, plan: { id: string, name: string, description: string }, price: { id: string, interval: BillingInterval, intervalCount: number, taxBehavior: TaxBehavior, unitAmount: { amount: string, currency: string } }, appliedCoupon: { redeemedAt: string, periodsLeft: number | null, coupon: { id: string, code: string, name: string, percentOff: string | null, duration: CouponDuration, durationPeriods: number | null, amountOff: { amount: string, currency: string } | null } } | null, paymentMethod: { id: string, kind: PaymentMethodKind, brand: string | null, last4: string | null, isExpired: boolean } | null, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }>, cancellationOptions: Array<{ kind: RetentionKind, headline: string, couponCode: string | null, couponName: string | null, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string }, plan: { id: string, name: string } } | null }>, invoices: { totalCount: number, nodes: Array<{ id: string, number: string, status: InvoiceStatus, issuedAt: string, dueOn: string, isOverdue: boolean, daysOverdue: number, total: { amount: string, currency: string }, amountRemaining: { amount: string, currency: string } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, history: { nodes: Array<{ kind: SubscriptionEventKind, happenedAt: string, actor: Actor, client: string | null, note: string }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null }
    | Record<PropertyKey, never>
   | null, plans: { nodes: Array<{ id: string, name: string, description: string, trialDays: number, prices: Array<{ id: string, interval: BillingInterval, intervalCount: number, taxBehavior: TaxBehavior, unitAmount: { amount: string, currency: string } }> }> } | null };

export type SubscriptionDetailFragment = { id: string, version: number, status: SubscriptionStatus, suspendedBy: SuspendedBy | null, hasOverdue: boolean, quantity: number, startedAt: string, createdAt: string, trialEndsAt: string | null, renewsAt: string | null, pausedAt: string | null, resumesAt: string | null, suspendedAt: string | null, canceledAt: string | null, cancelReason: CancelReason | null, cancelComment: string | null, currentPeriod: { startsAt: string, endsAt: string } | null, renewalAmount: { amount: string, currency: string }, pendingChange: { kind: PendingChangeKind, effectiveAt: string, quantity: number | null, resumesAt: string | null, plan: { id: string, name: string } | null, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string } } | null } | null, plan: { id: string, name: string, description: string }, price: { id: string, interval: BillingInterval, intervalCount: number, taxBehavior: TaxBehavior, unitAmount: { amount: string, currency: string } }, appliedCoupon: { redeemedAt: string, periodsLeft: number | null, coupon: { id: string, code: string, name: string, percentOff: string | null, duration: CouponDuration, durationPeriods: number | null, amountOff: { amount: string, currency: string } | null } } | null, paymentMethod: { id: string, kind: PaymentMethodKind, brand: string | null, last4: string | null, isExpired: boolean } | null, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }>, cancellationOptions: Array<{ kind: RetentionKind, headline: string, couponCode: string | null, couponName: string | null, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string }, plan: { id: string, name: string } } | null }>, invoices: { totalCount: number, nodes: Array<{ id: string, number: string, status: InvoiceStatus, issuedAt: string, dueOn: string, isOverdue: boolean, daysOverdue: number, total: { amount: string, currency: string }, amountRemaining: { amount: string, currency: string } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, history: { nodes: Array<{ kind: SubscriptionEventKind, happenedAt: string, actor: Actor, client: string | null, note: string }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null };

export type SubscriptionsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  filter?: SubscriptionFilter | null | undefined;
}>;


export type SubscriptionsQuery = { customer: { currency: string, id: string, subscriptions: { totalCount: number, edges: Array<{ cursor: string, node: { id: string, version: number, status: SubscriptionStatus, suspendedBy: SuspendedBy | null, hasOverdue: boolean, quantity: number, renewsAt: string | null, resumesAt: string | null, renewalAmount: { amount: string, currency: string }, pendingChange: { kind: PendingChangeKind, effectiveAt: string, quantity: number | null, resumesAt: string | null, plan: { id: string, name: string } | null, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string } } | null } | null, plan: { id: string, name: string }, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string } }, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null } | null, plans: { nodes: Array<{ id: string, name: string, description: string, trialDays: number, prices: Array<{ id: string, interval: BillingInterval, intervalCount: number, taxBehavior: TaxBehavior, unitAmount: { amount: string, currency: string } }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null };

export type CardsFragment = { id: string, subscriptions: { totalCount: number, edges: Array<{ cursor: string, node: { id: string, version: number, status: SubscriptionStatus, suspendedBy: SuspendedBy | null, hasOverdue: boolean, quantity: number, renewsAt: string | null, resumesAt: string | null, renewalAmount: { amount: string, currency: string }, pendingChange: { kind: PendingChangeKind, effectiveAt: string, quantity: number | null, resumesAt: string | null, plan: { id: string, name: string } | null, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string } } | null } | null, plan: { id: string, name: string }, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string } }, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null };

export type SummaryQueryVariables = Exact<{ [key: string]: never; }>;


export type SummaryQuery = { customer: { id: string, name: string, subscriptions: { nodes: Array<{ id: string, status: SubscriptionStatus, suspendedBy: SuspendedBy | null, hasOverdue: boolean, quantity: number, renewsAt: string | null, renewalAmount: { amount: string, currency: string }, pendingChange: { kind: PendingChangeKind, effectiveAt: string, quantity: number | null, resumesAt: string | null, plan: { id: string, name: string } | null, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string } } | null } | null, plan: { id: string, name: string } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, paymentSchedules: { nodes: Array<{ id: string, name: string, status: ScheduleStatus, isOverdue: boolean, total: { amount: string, currency: string }, remaining: { amount: string, currency: string }, nextInstallment: { id: string, name: string, dueOn: string, isOverdue: boolean, remaining: { amount: string, currency: string } } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, payments: { nodes: Array<{ id: string, status: PaymentStatus, createdAt: string, amount: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null }, allocations: Array<{ amount: { amount: string, currency: string }, invoice: { id: string, number: string, status: InvoiceStatus } | null }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, paymentMethods: { nodes: Array<{ id: string, version: number, kind: PaymentMethodKind, brand: string | null, last4: string | null, expiresOn: string | null, isDefault: boolean, isExpired: boolean, isInUse: boolean, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }> } | null, summary: { id: string, activeSubscriptions: number, activeSchedules: number, balance: Array<{ amount: string, currency: string }>, totalDue: Array<{ amount: string, currency: string }>, totalOverdue: Array<{ amount: string, currency: string }>, processing: Array<{ amount: string, currency: string }>, payable: Array<{ amount: string, currency: string }>, lastPayment: { id: string, status: PaymentStatus, settledAt: string | null, amount: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null } } | null, nextPayment: { date: string, kind: NextPaymentKind, amount: { amount: string, currency: string }, source:
          | { __typename: 'Attachment', id: string }
          | { __typename: 'CatalogCancellationOption', id: string }
          | { __typename: 'Coupon', id: string }
          | { __typename: 'CreditNote', id: string }
          | { __typename: 'Customer', id: string }
          | { __typename: 'DataExport', id: string }
          | { __typename: 'Event', id: string }
          | { __typename: 'Grant', id: string }
          | { __typename: 'Installment', id: string }
          | { __typename: 'Invoice', id: string }
          | { __typename: 'InvoiceLine', id: string }
          | { __typename: 'Payment', id: string }
          | { __typename: 'PaymentMethod', id: string }
          | { __typename: 'PaymentSchedule', id: string }
          | { __typename: 'Plan', id: string }
          | { __typename: 'PortalSession', id: string }
          | { __typename: 'Price', id: string }
          | { __typename: 'Refund', id: string }
          | { __typename: 'Subscription', id: string }
          | { __typename: 'Summary', id: string }
         | null } | null } } | null };

export type SummaryPageFragment = { id: string, name: string, subscriptions: { nodes: Array<{ id: string, status: SubscriptionStatus, suspendedBy: SuspendedBy | null, hasOverdue: boolean, quantity: number, renewsAt: string | null, renewalAmount: { amount: string, currency: string }, pendingChange: { kind: PendingChangeKind, effectiveAt: string, quantity: number | null, resumesAt: string | null, plan: { id: string, name: string } | null, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string } } | null } | null, plan: { id: string, name: string } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, paymentSchedules: { nodes: Array<{ id: string, name: string, status: ScheduleStatus, isOverdue: boolean, total: { amount: string, currency: string }, remaining: { amount: string, currency: string }, nextInstallment: { id: string, name: string, dueOn: string, isOverdue: boolean, remaining: { amount: string, currency: string } } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, payments: { nodes: Array<{ id: string, status: PaymentStatus, createdAt: string, amount: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null }, allocations: Array<{ amount: { amount: string, currency: string }, invoice: { id: string, number: string, status: InvoiceStatus } | null }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, paymentMethods: { nodes: Array<{ id: string, version: number, kind: PaymentMethodKind, brand: string | null, last4: string | null, expiresOn: string | null, isDefault: boolean, isExpired: boolean, isInUse: boolean, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }> } | null, summary: { id: string, activeSubscriptions: number, activeSchedules: number, balance: Array<{ amount: string, currency: string }>, totalDue: Array<{ amount: string, currency: string }>, totalOverdue: Array<{ amount: string, currency: string }>, processing: Array<{ amount: string, currency: string }>, payable: Array<{ amount: string, currency: string }>, lastPayment: { id: string, status: PaymentStatus, settledAt: string | null, amount: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null } } | null, nextPayment: { date: string, kind: NextPaymentKind, amount: { amount: string, currency: string }, source:
        | { __typename: 'Attachment', id: string }
        | { __typename: 'CatalogCancellationOption', id: string }
        | { __typename: 'Coupon', id: string }
        | { __typename: 'CreditNote', id: string }
        | { __typename: 'Customer', id: string }
        | { __typename: 'DataExport', id: string }
        | { __typename: 'Event', id: string }
        | { __typename: 'Grant', id: string }
        | { __typename: 'Installment', id: string }
        | { __typename: 'Invoice', id: string }
        | { __typename: 'InvoiceLine', id: string }
        | { __typename: 'Payment', id: string }
        | { __typename: 'PaymentMethod', id: string }
        | { __typename: 'PaymentSchedule', id: string }
        | { __typename: 'Plan', id: string }
        | { __typename: 'PortalSession', id: string }
        | { __typename: 'Price', id: string }
        | { __typename: 'Refund', id: string }
        | { __typename: 'Subscription', id: string }
        | { __typename: 'Summary', id: string }
       | null } | null } };

export type FiguresFragment = { id: string, summary: { id: string, activeSubscriptions: number, activeSchedules: number, balance: Array<{ amount: string, currency: string }>, totalDue: Array<{ amount: string, currency: string }>, totalOverdue: Array<{ amount: string, currency: string }>, processing: Array<{ amount: string, currency: string }>, payable: Array<{ amount: string, currency: string }>, lastPayment: { id: string, status: PaymentStatus, settledAt: string | null, amount: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null } } | null, nextPayment: { date: string, kind: NextPaymentKind, amount: { amount: string, currency: string }, source:
        | { __typename: 'Attachment', id: string }
        | { __typename: 'CatalogCancellationOption', id: string }
        | { __typename: 'Coupon', id: string }
        | { __typename: 'CreditNote', id: string }
        | { __typename: 'Customer', id: string }
        | { __typename: 'DataExport', id: string }
        | { __typename: 'Event', id: string }
        | { __typename: 'Grant', id: string }
        | { __typename: 'Installment', id: string }
        | { __typename: 'Invoice', id: string }
        | { __typename: 'InvoiceLine', id: string }
        | { __typename: 'Payment', id: string }
        | { __typename: 'PaymentMethod', id: string }
        | { __typename: 'PaymentSchedule', id: string }
        | { __typename: 'Plan', id: string }
        | { __typename: 'PortalSession', id: string }
        | { __typename: 'Price', id: string }
        | { __typename: 'Refund', id: string }
        | { __typename: 'Subscription', id: string }
        | { __typename: 'Summary', id: string }
       | null } | null } };

export type CompleteAttachmentUploadsMutationVariables = Exact<{
  input: CompleteAttachmentUploadsInput;
}>;


export type CompleteAttachmentUploadsMutation = { completeAttachmentUploads: { userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, attachments: Array<{ id: string, version: number, fileName: string, contentType: string, sizeBytes: number, status: AttachmentStatus, uploadedBy: Uploader, uploadedAt: string, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }> | null, parent:
      | { __typename: 'Invoice', id: string, attachments: { totalCount: number, nodes: Array<{ id: string, version: number, fileName: string, contentType: string, sizeBytes: number, status: AttachmentStatus, uploadedBy: Uploader, uploadedAt: string, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null }
      | { __typename: 'PaymentSchedule', id: string, attachments: { totalCount: number, nodes: Array<{ id: string, version: number, fileName: string, contentType: string, sizeBytes: number, status: AttachmentStatus, uploadedBy: Uploader, uploadedAt: string, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null }
     | null } | null };

export type CreateAttachmentUploadsMutationVariables = Exact<{
  input: CreateAttachmentUploadsInput;
}>;


export type CreateAttachmentUploadsMutation = { createAttachmentUploads: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, uploads: Array<{ url: string, expiresAt: string, attachment: { id: string, status: AttachmentStatus }, fields: Array<{ name: string, value: string }> }> | null } | null };

export type DeleteAttachmentMutationVariables = Exact<{
  input: DeleteAttachmentInput;
}>;


export type DeleteAttachmentMutation = { deleteAttachment: { deletedAttachmentId: string | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, parent:
      | { __typename: 'Invoice', id: string, attachments: { totalCount: number, nodes: Array<{ id: string, version: number, fileName: string, contentType: string, sizeBytes: number, status: AttachmentStatus, uploadedBy: Uploader, uploadedAt: string, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null }
      | { __typename: 'PaymentSchedule', id: string, attachments: { totalCount: number, nodes: Array<{ id: string, version: number, fileName: string, contentType: string, sizeBytes: number, status: AttachmentStatus, uploadedBy: Uploader, uploadedAt: string, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null }
     | null } | null };

export type UploadAttachmentsMutationVariables = Exact<{
  input: UploadAttachmentsInput;
}>;


export type UploadAttachmentsMutation = { uploadAttachments: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, attachments: Array<{ id: string, version: number, fileName: string, contentType: string, sizeBytes: number, status: AttachmentStatus, uploadedBy: Uploader, uploadedAt: string, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }> | null, parent:
      | { __typename: 'Invoice', id: string, attachments: { totalCount: number, nodes: Array<{ id: string, version: number, fileName: string, contentType: string, sizeBytes: number, status: AttachmentStatus, uploadedBy: Uploader, uploadedAt: string, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null }
      | { __typename: 'PaymentSchedule', id: string, attachments: { totalCount: number, nodes: Array<{ id: string, version: number, fileName: string, contentType: string, sizeBytes: number, status: AttachmentStatus, uploadedBy: Uploader, uploadedAt: string, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null }
     | null } | null };

export type ChangePasswordMutationVariables = Exact<{
  input: ChangePasswordInput;
}>;


export type ChangePasswordMutation = { changePassword: { done: boolean | null, device: string | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type ConfirmEmailChangeMutationVariables = Exact<{
  input: ConfirmEmailChangeInput;
}>;


export type ConfirmEmailChangeMutation = { confirmEmailChange: { done: boolean | null, device: string | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type EndSessionMutationVariables = Exact<{
  input: EndSessionInput;
}>;


export type EndSessionMutation = { endSession: { endedSessionId: string | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type RedeemPortalLinkMutationVariables = Exact<{
  input: RedeemPortalLinkInput;
}>;


export type RedeemPortalLinkMutation = { redeemPortalLink: { device: string | null, landing: string | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, tokens: { accessToken: string, accessExpiresAt: string, refreshToken: string, refreshExpiresAt: string, sessionId: string, needsSignIn: boolean } | null } | null };

export type RefreshSessionMutationVariables = Exact<{
  input: RefreshSessionInput;
}>;


export type RefreshSessionMutation = { refreshSession: { userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, tokens: { accessToken: string, accessExpiresAt: string, refreshToken: string, refreshExpiresAt: string, sessionId: string, needsSignIn: boolean } | null } | null };

export type RequestEmailChangeMutationVariables = Exact<{
  input: RequestEmailChangeInput;
}>;


export type RequestEmailChangeMutation = { requestEmailChange: { done: boolean | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type RequestMyDataMutationVariables = Exact<{
  input: RequestMyDataInput;
}>;


export type RequestMyDataMutation = { requestMyData: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, dataExport: { id: string, status: DataExportStatus, requestedAt: string } | null } | null };

export type RequestPasswordResetMutationVariables = Exact<{
  input: RequestPasswordResetInput;
}>;


export type RequestPasswordResetMutation = { requestPasswordReset: { done: boolean | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type ResetPasswordMutationVariables = Exact<{
  input: ResetPasswordInput;
}>;


export type ResetPasswordMutation = { resetPassword: { done: boolean | null, device: string | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type SignInMutationVariables = Exact<{
  input: SignInInput;
}>;


export type SignInMutation = { signIn: { device: string | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, tokens: { accessToken: string, accessExpiresAt: string, refreshToken: string, refreshExpiresAt: string, sessionId: string, needsSignIn: boolean } | null } | null };

export type SignOutMutationVariables = Exact<{ [key: string]: never; }>;


export type SignOutMutation = { signOut: { done: boolean | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type SignOutEverywhereMutationVariables = Exact<{ [key: string]: never; }>;


export type SignOutEverywhereMutation = { signOutEverywhere: { ended: number | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type UpdateProfileMutationVariables = Exact<{
  input: UpdateProfileInput;
}>;


export type UpdateProfileMutation = { updateProfile: { userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, customer: { id: string, version: number, name: string, email: string, locale: string, timeZone: string, currency: string, createdAt: string, companyName: string | null, taxIds: Array<string>, billingAddress: { line1: string, line2: string | null, city: string | null, region: string | null, postalCode: string | null, country: string } | null } | null } | null };

export type GrantAccessMutationVariables = Exact<{
  input: GrantAccessInput;
}>;


export type GrantAccessMutation = { grantAccess: { userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, grant: { id: string, clientId: string, clientName: string, scopes: Array<string>, createdAt: string } | null } | null };

export type RevokeGrantMutationVariables = Exact<{
  input: RevokeGrantInput;
}>;


export type RevokeGrantMutation = { revokeGrant: { revokedGrantId: string | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type CompleteAddPaymentMethodMutationVariables = Exact<{
  input: CompleteAddPaymentMethodInput;
}>;


export type CompleteAddPaymentMethodMutation = { completeAddPaymentMethod: { userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, paymentMethod: { id: string, version: number, kind: PaymentMethodKind, brand: string | null, last4: string | null, expiresOn: string | null, isDefault: boolean, isExpired: boolean, isInUse: boolean, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> } | null, customer: { id: string, paymentMethods: { nodes: Array<{ id: string, version: number, kind: PaymentMethodKind, brand: string | null, last4: string | null, expiresOn: string | null, isDefault: boolean, isExpired: boolean, isInUse: boolean, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, unpaid: { totalCount: number, nodes: Array<{ id: string, version: number, number: string, status: InvoiceStatus, dueOn: string, isOverdue: boolean, daysOverdue: number, total: { amount: string, currency: string }, amountRemaining: { amount: string, currency: string }, collection: { state: Collection, nextAttemptAt: string | null, message: string | null }, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }> } | null } | null } | null };

export type ConfirmPaymentMutationVariables = Exact<{
  input: ConfirmPaymentInput;
}>;


export type ConfirmPaymentMutation = { confirmPayment: { userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, payment: { id: string, version: number, status: PaymentStatus, createdAt: string, settledAt: string | null, declineCode: string | null, retryable: boolean, allocations: Array<{ amount: { amount: string, currency: string }, invoice: { __typename: 'Invoice', id: string, version: number, number: string, status: InvoiceStatus, reason: InvoiceReason, issuedAt: string, dueOn: string, paidAt: string | null, isOverdue: boolean, daysOverdue: number, memo: string | null, period: { startsAt: string, endsAt: string } | null, subtotal: { amount: string, currency: string }, discount: { amount: string, currency: string }, tax: { amount: string, currency: string }, total: { amount: string, currency: string }, amountPaid: { amount: string, currency: string }, amountCredited: { amount: string, currency: string }, amountRefunded: { amount: string, currency: string }, amountRemaining: { amount: string, currency: string }, payable: { amount: string, currency: string } | null, collection: { state: Collection, nextAttemptAt: string | null, message: string | null }, subscription: { id: string, status: SubscriptionStatus, plan: { id: string, name: string } } | null, paymentSchedule: { id: string, name: string } | null, taxes: Array<{ taxRate: string | null, netAmount: { amount: string, currency: string }, tax: { amount: string, currency: string } }>, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }>, lines: { totalCount: number, nodes: Array<{ id: string, position: number, description: string, quantity: number, unitAmount: { amount: string, currency: string }, discount: { amount: string, currency: string }, total: { amount: string, currency: string }, period: { startsAt: string, endsAt: string } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, payments: { nodes: Array<{ id: string, status: PaymentStatus, createdAt: string, settledAt: string | null, declineCode: string | null, retryable: boolean, amount: { amount: string, currency: string }, refunded: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, creditNotes: { nodes: Array<{ id: string, number: string, issuedAt: string, total: { amount: string, currency: string } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, attachments: { totalCount: number, nodes: Array<{ id: string, version: number, fileName: string, contentType: string, sizeBytes: number, status: AttachmentStatus, uploadedBy: Uploader, uploadedAt: string, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null } | null, installment: { id: string, version: number, status: InstallmentStatus, remaining: { amount: string, currency: string }, schedule: { id: string } } | null }>, amount: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null } } | null, clientAction: { clientSecret: string, publishableKey: string } | null, customer: { id: string, summary: { id: string, activeSubscriptions: number, activeSchedules: number, balance: Array<{ amount: string, currency: string }>, totalDue: Array<{ amount: string, currency: string }>, totalOverdue: Array<{ amount: string, currency: string }>, processing: Array<{ amount: string, currency: string }>, payable: Array<{ amount: string, currency: string }>, lastPayment: { id: string, status: PaymentStatus, settledAt: string | null, amount: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null } } | null, nextPayment: { date: string, kind: NextPaymentKind, amount: { amount: string, currency: string }, source:
            | { __typename: 'Attachment', id: string }
            | { __typename: 'CatalogCancellationOption', id: string }
            | { __typename: 'Coupon', id: string }
            | { __typename: 'CreditNote', id: string }
            | { __typename: 'Customer', id: string }
            | { __typename: 'DataExport', id: string }
            | { __typename: 'Event', id: string }
            | { __typename: 'Grant', id: string }
            | { __typename: 'Installment', id: string }
            | { __typename: 'Invoice', id: string }
            | { __typename: 'InvoiceLine', id: string }
            | { __typename: 'Payment', id: string }
            | { __typename: 'PaymentMethod', id: string }
            | { __typename: 'PaymentSchedule', id: string }
            | { __typename: 'Plan', id: string }
            | { __typename: 'PortalSession', id: string }
            | { __typename: 'Price', id: string }
            | { __typename: 'Refund', id: string }
            | { __typename: 'Subscription', id: string }
            | { __typename: 'Summary', id: string }
           | null } | null } } | null } | null };

export type PaymentResultFragment = { id: string, version: number, status: PaymentStatus, createdAt: string, settledAt: string | null, declineCode: string | null, retryable: boolean, amount: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null } };

export type CreateCalendarLinkMutationVariables = Exact<{
  input: CreateCalendarLinkInput;
}>;


export type CreateCalendarLinkMutation = { createCalendarLink: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, customer: { id: string, calendarUrl: string | null, calendarLink: { createdAt: string, lastUsedAt: string | null } | null } | null } | null };

export type DeletePaymentMethodMutationVariables = Exact<{
  input: DeletePaymentMethodInput;
}>;


export type DeletePaymentMethodMutation = { deletePaymentMethod: { deletedPaymentMethodId: string | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, replacement: { id: string, version: number, kind: PaymentMethodKind, brand: string | null, last4: string | null, expiresOn: string | null, isDefault: boolean, isExpired: boolean, isInUse: boolean, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> } | null, subscriptions: Array<{ id: string, version: number, paymentMethod: { id: string, kind: PaymentMethodKind, brand: string | null, last4: string | null, isExpired: boolean } | null }> | null, customer: { id: string, paymentMethods: { nodes: Array<{ id: string, version: number, kind: PaymentMethodKind, brand: string | null, last4: string | null, expiresOn: string | null, isDefault: boolean, isExpired: boolean, isInUse: boolean, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, unpaid: { totalCount: number, nodes: Array<{ id: string, version: number, number: string, status: InvoiceStatus, dueOn: string, isOverdue: boolean, daysOverdue: number, total: { amount: string, currency: string }, amountRemaining: { amount: string, currency: string }, collection: { state: Collection, nextAttemptAt: string | null, message: string | null }, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }> } | null } | null } | null };

export type OperationQueryVariables = Exact<{
  idempotencyKey: string;
}>;


export type OperationQuery = { operation: { mutation: string, state: OperationState, startedAt: string, finishedAt: string | null, subscription: { id: string, version: number, status: SubscriptionStatus } | null, invoice: { id: string, status: InvoiceStatus } | null, installment: { id: string, status: InstallmentStatus } | null, payment: { id: string, status: PaymentStatus, declineCode: string | null } | null, attachments: Array<{ id: string, status: AttachmentStatus }> | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type PayAllDueMutationVariables = Exact<{
  input: PayAllDueInput;
}>;


export type PayAllDueMutation = { payAllDue: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, payment: { id: string, version: number, status: PaymentStatus, createdAt: string, settledAt: string | null, declineCode: string | null, retryable: boolean, amount: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null } } | null, clientAction: { clientSecret: string, publishableKey: string } | null, invoices: Array<{ id: string, version: number, number: string, status: InvoiceStatus, isOverdue: boolean, daysOverdue: number, amountRemaining: { amount: string, currency: string }, payable: { amount: string, currency: string } | null, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }> | null, installments: Array<{ id: string, version: number, status: InstallmentStatus, isOverdue: boolean, daysOverdue: number, paid: { amount: string, currency: string }, remaining: { amount: string, currency: string }, payable: { amount: string, currency: string } | null, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }> | null, customer: { id: string, name: string, subscriptions: { nodes: Array<{ id: string, status: SubscriptionStatus, suspendedBy: SuspendedBy | null, hasOverdue: boolean, quantity: number, renewsAt: string | null, renewalAmount: { amount: string, currency: string }, pendingChange: { kind: PendingChangeKind, effectiveAt: string, quantity: number | null, resumesAt: string | null, plan: { id: string, name: string } | null, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string } } | null } | null, plan: { id: string, name: string } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, paymentSchedules: { nodes: Array<{ id: string, name: string, status: ScheduleStatus, isOverdue: boolean, total: { amount: string, currency: string }, remaining: { amount: string, currency: string }, nextInstallment: { id: string, name: string, dueOn: string, isOverdue: boolean, remaining: { amount: string, currency: string } } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, payments: { nodes: Array<{ id: string, status: PaymentStatus, createdAt: string, amount: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null }, allocations: Array<{ amount: { amount: string, currency: string }, invoice: { id: string, number: string, status: InvoiceStatus } | null }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, paymentMethods: { nodes: Array<{ id: string, version: number, kind: PaymentMethodKind, brand: string | null, last4: string | null, expiresOn: string | null, isDefault: boolean, isExpired: boolean, isInUse: boolean, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }> } | null, summary: { id: string, activeSubscriptions: number, activeSchedules: number, balance: Array<{ amount: string, currency: string }>, totalDue: Array<{ amount: string, currency: string }>, totalOverdue: Array<{ amount: string, currency: string }>, processing: Array<{ amount: string, currency: string }>, payable: Array<{ amount: string, currency: string }>, lastPayment: { id: string, status: PaymentStatus, settledAt: string | null, amount: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null } } | null, nextPayment: { date: string, kind: NextPaymentKind, amount: { amount: string, currency: string }, source:
            | { __typename: 'Attachment', id: string }
            | { __typename: 'CatalogCancellationOption', id: string }
            | { __typename: 'Coupon', id: string }
            | { __typename: 'CreditNote', id: string }
            | { __typename: 'Customer', id: string }
            | { __typename: 'DataExport', id: string }
            | { __typename: 'Event', id: string }
            | { __typename: 'Grant', id: string }
            | { __typename: 'Installment', id: string }
            | { __typename: 'Invoice', id: string }
            | { __typename: 'InvoiceLine', id: string }
            | { __typename: 'Payment', id: string }
            | { __typename: 'PaymentMethod', id: string }
            | { __typename: 'PaymentSchedule', id: string }
            | { __typename: 'Plan', id: string }
            | { __typename: 'PortalSession', id: string }
            | { __typename: 'Price', id: string }
            | { __typename: 'Refund', id: string }
            | { __typename: 'Subscription', id: string }
            | { __typename: 'Summary', id: string }
           | null } | null } } | null } | null };

export type PayInstallmentMutationVariables = Exact<{
  input: PayInstallmentInput;
}>;


export type PayInstallmentMutation = { payInstallment: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, payment: { id: string, version: number, status: PaymentStatus, createdAt: string, settledAt: string | null, declineCode: string | null, retryable: boolean, amount: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null } } | null, clientAction: { clientSecret: string, publishableKey: string } | null, installment: { id: string, schedule: { id: string, version: number, name: string, status: ScheduleStatus, isOverdue: boolean, invoicing: Invoicing, createdAt: string, total: { amount: string, currency: string }, paid: { amount: string, currency: string }, remaining: { amount: string, currency: string }, nextInstallment: { id: string, name: string, dueOn: string, isOverdue: boolean, remaining: { amount: string, currency: string } } | null, subscription: { id: string, status: SubscriptionStatus, plan: { id: string, name: string } } | null, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }>, installments: { totalCount: number, nodes: Array<{ id: string, version: number, position: number, name: string, dueOn: string, status: InstallmentStatus, isOverdue: boolean, daysOverdue: number, amount: { amount: string, currency: string }, paid: { amount: string, currency: string }, remaining: { amount: string, currency: string }, payable: { amount: string, currency: string } | null, invoice: { id: string, number: string, status: InvoiceStatus } | null, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null } } | null, invoice: { id: string, version: number, number: string, status: InvoiceStatus, amountRemaining: { amount: string, currency: string }, payable: { amount: string, currency: string } | null } | null, customer: { id: string, summary: { id: string, activeSubscriptions: number, activeSchedules: number, balance: Array<{ amount: string, currency: string }>, totalDue: Array<{ amount: string, currency: string }>, totalOverdue: Array<{ amount: string, currency: string }>, processing: Array<{ amount: string, currency: string }>, payable: Array<{ amount: string, currency: string }>, lastPayment: { id: string, status: PaymentStatus, settledAt: string | null, amount: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null } } | null, nextPayment: { date: string, kind: NextPaymentKind, amount: { amount: string, currency: string }, source:
            | { __typename: 'Attachment', id: string }
            | { __typename: 'CatalogCancellationOption', id: string }
            | { __typename: 'Coupon', id: string }
            | { __typename: 'CreditNote', id: string }
            | { __typename: 'Customer', id: string }
            | { __typename: 'DataExport', id: string }
            | { __typename: 'Event', id: string }
            | { __typename: 'Grant', id: string }
            | { __typename: 'Installment', id: string }
            | { __typename: 'Invoice', id: string }
            | { __typename: 'InvoiceLine', id: string }
            | { __typename: 'Payment', id: string }
            | { __typename: 'PaymentMethod', id: string }
            | { __typename: 'PaymentSchedule', id: string }
            | { __typename: 'Plan', id: string }
            | { __typename: 'PortalSession', id: string }
            | { __typename: 'Price', id: string }
            | { __typename: 'Refund', id: string }
            | { __typename: 'Subscription', id: string }
            | { __typename: 'Summary', id: string }
           | null } | null } } | null } | null };

export type PayInvoiceMutationVariables = Exact<{
  input: PayInvoiceInput;
}>;


export type PayInvoiceMutation = { payInvoice: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, payment: { id: string, version: number, status: PaymentStatus, createdAt: string, settledAt: string | null, declineCode: string | null, retryable: boolean, amount: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null } } | null, clientAction: { clientSecret: string, publishableKey: string } | null, invoice: { __typename: 'Invoice', id: string, version: number, number: string, status: InvoiceStatus, reason: InvoiceReason, issuedAt: string, dueOn: string, paidAt: string | null, isOverdue: boolean, daysOverdue: number, memo: string | null, period: { startsAt: string, endsAt: string } | null, subtotal: { amount: string, currency: string }, discount: { amount: string, currency: string }, tax: { amount: string, currency: string }, total: { amount: string, currency: string }, amountPaid: { amount: string, currency: string }, amountCredited: { amount: string, currency: string }, amountRefunded: { amount: string, currency: string }, amountRemaining: { amount: string, currency: string }, payable: { amount: string, currency: string } | null, collection: { state: Collection, nextAttemptAt: string | null, message: string | null }, subscription: { id: string, status: SubscriptionStatus, plan: { id: string, name: string } } | null, paymentSchedule: { id: string, name: string } | null, taxes: Array<{ taxRate: string | null, netAmount: { amount: string, currency: string }, tax: { amount: string, currency: string } }>, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }>, lines: { totalCount: number, nodes: Array<{ id: string, position: number, description: string, quantity: number, unitAmount: { amount: string, currency: string }, discount: { amount: string, currency: string }, total: { amount: string, currency: string }, period: { startsAt: string, endsAt: string } | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, payments: { nodes: Array<{ id: string, status: PaymentStatus, createdAt: string, settledAt: string | null, declineCode: string | null, retryable: boolean, amount: { amount: string, currency: string }, refunded: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, creditNotes: { nodes: Array<{ id: string, number: string, issuedAt: string, total: { amount: string, currency: string } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, attachments: { totalCount: number, nodes: Array<{ id: string, version: number, fileName: string, contentType: string, sizeBytes: number, status: AttachmentStatus, uploadedBy: Uploader, uploadedAt: string, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null } | null, customer: { id: string, summary: { id: string, activeSubscriptions: number, activeSchedules: number, balance: Array<{ amount: string, currency: string }>, totalDue: Array<{ amount: string, currency: string }>, totalOverdue: Array<{ amount: string, currency: string }>, processing: Array<{ amount: string, currency: string }>, payable: Array<{ amount: string, currency: string }>, lastPayment: { id: string, status: PaymentStatus, settledAt: string | null, amount: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null } } | null, nextPayment: { date: string, kind: NextPaymentKind, amount: { amount: string, currency: string }, source:
            | { __typename: 'Attachment', id: string }
            | { __typename: 'CatalogCancellationOption', id: string }
            | { __typename: 'Coupon', id: string }
            | { __typename: 'CreditNote', id: string }
            | { __typename: 'Customer', id: string }
            | { __typename: 'DataExport', id: string }
            | { __typename: 'Event', id: string }
            | { __typename: 'Grant', id: string }
            | { __typename: 'Installment', id: string }
            | { __typename: 'Invoice', id: string }
            | { __typename: 'InvoiceLine', id: string }
            | { __typename: 'Payment', id: string }
            | { __typename: 'PaymentMethod', id: string }
            | { __typename: 'PaymentSchedule', id: string }
            | { __typename: 'Plan', id: string }
            | { __typename: 'PortalSession', id: string }
            | { __typename: 'Price', id: string }
            | { __typename: 'Refund', id: string }
            | { __typename: 'Subscription', id: string }
            | { __typename: 'Summary', id: string }
           | null } | null }, unpaid: { totalCount: number, nodes: Array<{ id: string, version: number, number: string, status: InvoiceStatus, dueOn: string, isOverdue: boolean, daysOverdue: number, total: { amount: string, currency: string }, amountRemaining: { amount: string, currency: string }, collection: { state: Collection, nextAttemptAt: string | null, message: string | null }, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }> } | null } | null } | null };

export type PaymentMethodsQueryVariables = Exact<{ [key: string]: never; }>;


export type PaymentMethodsQuery = { customer: { id: string, paymentMethods: { nodes: Array<{ id: string, kind: PaymentMethodKind, brand: string | null, last4: string | null, isDefault: boolean, isExpired: boolean }> } | null } | null };

export type RevokeCalendarLinkMutationVariables = Exact<{
  input: RevokeCalendarLinkInput;
}>;


export type RevokeCalendarLinkMutation = { revokeCalendarLink: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, customer: { id: string, calendarUrl: string | null, calendarLink: { createdAt: string, lastUsedAt: string | null } | null } | null } | null };

export type SetDefaultPaymentMethodMutationVariables = Exact<{
  input: SetDefaultPaymentMethodInput;
}>;


export type SetDefaultPaymentMethodMutation = { setDefaultPaymentMethod: { userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, paymentMethod: { id: string, version: number, kind: PaymentMethodKind, brand: string | null, last4: string | null, expiresOn: string | null, isDefault: boolean, isExpired: boolean, isInUse: boolean, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> } | null, customer: { id: string, paymentMethods: { nodes: Array<{ id: string, version: number, kind: PaymentMethodKind, brand: string | null, last4: string | null, expiresOn: string | null, isDefault: boolean, isExpired: boolean, isInUse: boolean, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, unpaid: { totalCount: number, nodes: Array<{ id: string, version: number, number: string, status: InvoiceStatus, dueOn: string, isOverdue: boolean, daysOverdue: number, total: { amount: string, currency: string }, amountRemaining: { amount: string, currency: string }, collection: { state: Collection, nextAttemptAt: string | null, message: string | null }, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> }> } | null } | null } | null };

export type StartAddPaymentMethodMutationVariables = Exact<{
  input: StartAddPaymentMethodInput;
}>;


export type StartAddPaymentMethodMutation = { startAddPaymentMethod: { userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, setup: { reference: string, action: { clientSecret: string, publishableKey: string } } | null } | null };

export type PreviewAddPlanQueryVariables = Exact<{
  input: AddPlanInput;
}>;


export type PreviewAddPlanQuery = { previewAddPlan: { preview: { effectiveAt: string, status: SubscriptionStatus, trialEndsAt: string | null, renewsAt: string | null, warnings: Array<Warning>, previewToken: string, invoiceTotal: { amount: string, currency: string }, creditUsed: { amount: string, currency: string }, amountDue: { amount: string, currency: string }, creditGranted: { amount: string, currency: string }, lines: Array<{ description: string, quantity: number, startsAt: string, endsAt: string, subtotal: { amount: string, currency: string }, discount: { amount: string, currency: string }, tax: { amount: string, currency: string }, total: { amount: string, currency: string } }>, creditNotes: Array<{ reason: CreditNoteReason, total: { amount: string, currency: string }, amountReleased: { amount: string, currency: string }, amountToBalance: { amount: string, currency: string } }>, renewalAmount: { amount: string, currency: string } } | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type PreviewApplyCouponQueryVariables = Exact<{
  input: ApplyCouponInput;
}>;


export type PreviewApplyCouponQuery = { previewApplyCoupon: { preview: { effectiveAt: string, status: SubscriptionStatus, trialEndsAt: string | null, renewsAt: string | null, warnings: Array<Warning>, previewToken: string, invoiceTotal: { amount: string, currency: string }, creditUsed: { amount: string, currency: string }, amountDue: { amount: string, currency: string }, creditGranted: { amount: string, currency: string }, lines: Array<{ description: string, quantity: number, startsAt: string, endsAt: string, subtotal: { amount: string, currency: string }, discount: { amount: string, currency: string }, tax: { amount: string, currency: string }, total: { amount: string, currency: string } }>, creditNotes: Array<{ reason: CreditNoteReason, total: { amount: string, currency: string }, amountReleased: { amount: string, currency: string }, amountToBalance: { amount: string, currency: string } }>, renewalAmount: { amount: string, currency: string } } | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type PreviewCancelSubscriptionQueryVariables = Exact<{
  input: CancelSubscriptionInput;
}>;


export type PreviewCancelSubscriptionQuery = { previewCancelSubscription: { preview: { effectiveAt: string, status: SubscriptionStatus, trialEndsAt: string | null, renewsAt: string | null, warnings: Array<Warning>, previewToken: string, invoiceTotal: { amount: string, currency: string }, creditUsed: { amount: string, currency: string }, amountDue: { amount: string, currency: string }, creditGranted: { amount: string, currency: string }, lines: Array<{ description: string, quantity: number, startsAt: string, endsAt: string, subtotal: { amount: string, currency: string }, discount: { amount: string, currency: string }, tax: { amount: string, currency: string }, total: { amount: string, currency: string } }>, creditNotes: Array<{ reason: CreditNoteReason, total: { amount: string, currency: string }, amountReleased: { amount: string, currency: string }, amountToBalance: { amount: string, currency: string } }>, renewalAmount: { amount: string, currency: string } } | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type PreviewChangePlanQueryVariables = Exact<{
  input: ChangePlanInput;
}>;


export type PreviewChangePlanQuery = { previewChangePlan: { preview: { effectiveAt: string, status: SubscriptionStatus, trialEndsAt: string | null, renewsAt: string | null, warnings: Array<Warning>, previewToken: string, invoiceTotal: { amount: string, currency: string }, creditUsed: { amount: string, currency: string }, amountDue: { amount: string, currency: string }, creditGranted: { amount: string, currency: string }, lines: Array<{ description: string, quantity: number, startsAt: string, endsAt: string, subtotal: { amount: string, currency: string }, discount: { amount: string, currency: string }, tax: { amount: string, currency: string }, total: { amount: string, currency: string } }>, creditNotes: Array<{ reason: CreditNoteReason, total: { amount: string, currency: string }, amountReleased: { amount: string, currency: string }, amountToBalance: { amount: string, currency: string } }>, renewalAmount: { amount: string, currency: string } } | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type PreviewPauseSubscriptionQueryVariables = Exact<{
  input: PauseSubscriptionInput;
}>;


export type PreviewPauseSubscriptionQuery = { previewPauseSubscription: { preview: { effectiveAt: string, status: SubscriptionStatus, trialEndsAt: string | null, renewsAt: string | null, warnings: Array<Warning>, previewToken: string, invoiceTotal: { amount: string, currency: string }, creditUsed: { amount: string, currency: string }, amountDue: { amount: string, currency: string }, creditGranted: { amount: string, currency: string }, lines: Array<{ description: string, quantity: number, startsAt: string, endsAt: string, subtotal: { amount: string, currency: string }, discount: { amount: string, currency: string }, tax: { amount: string, currency: string }, total: { amount: string, currency: string } }>, creditNotes: Array<{ reason: CreditNoteReason, total: { amount: string, currency: string }, amountReleased: { amount: string, currency: string }, amountToBalance: { amount: string, currency: string } }>, renewalAmount: { amount: string, currency: string } } | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type PreviewRemoveCouponQueryVariables = Exact<{
  input: RemoveCouponInput;
}>;


export type PreviewRemoveCouponQuery = { previewRemoveCoupon: { preview: { effectiveAt: string, status: SubscriptionStatus, trialEndsAt: string | null, renewsAt: string | null, warnings: Array<Warning>, previewToken: string, invoiceTotal: { amount: string, currency: string }, creditUsed: { amount: string, currency: string }, amountDue: { amount: string, currency: string }, creditGranted: { amount: string, currency: string }, lines: Array<{ description: string, quantity: number, startsAt: string, endsAt: string, subtotal: { amount: string, currency: string }, discount: { amount: string, currency: string }, tax: { amount: string, currency: string }, total: { amount: string, currency: string } }>, creditNotes: Array<{ reason: CreditNoteReason, total: { amount: string, currency: string }, amountReleased: { amount: string, currency: string }, amountToBalance: { amount: string, currency: string } }>, renewalAmount: { amount: string, currency: string } } | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type PreviewResumeSubscriptionQueryVariables = Exact<{
  input: ResumeSubscriptionInput;
}>;


export type PreviewResumeSubscriptionQuery = { previewResumeSubscription: { preview: { effectiveAt: string, status: SubscriptionStatus, trialEndsAt: string | null, renewsAt: string | null, warnings: Array<Warning>, previewToken: string, invoiceTotal: { amount: string, currency: string }, creditUsed: { amount: string, currency: string }, amountDue: { amount: string, currency: string }, creditGranted: { amount: string, currency: string }, lines: Array<{ description: string, quantity: number, startsAt: string, endsAt: string, subtotal: { amount: string, currency: string }, discount: { amount: string, currency: string }, tax: { amount: string, currency: string }, total: { amount: string, currency: string } }>, creditNotes: Array<{ reason: CreditNoteReason, total: { amount: string, currency: string }, amountReleased: { amount: string, currency: string }, amountToBalance: { amount: string, currency: string } }>, renewalAmount: { amount: string, currency: string } } | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type PreviewSuspendSubscriptionQueryVariables = Exact<{
  input: SuspendSubscriptionInput;
}>;


export type PreviewSuspendSubscriptionQuery = { previewSuspendSubscription: { preview: { effectiveAt: string, status: SubscriptionStatus, trialEndsAt: string | null, renewsAt: string | null, warnings: Array<Warning>, previewToken: string, invoiceTotal: { amount: string, currency: string }, creditUsed: { amount: string, currency: string }, amountDue: { amount: string, currency: string }, creditGranted: { amount: string, currency: string }, lines: Array<{ description: string, quantity: number, startsAt: string, endsAt: string, subtotal: { amount: string, currency: string }, discount: { amount: string, currency: string }, tax: { amount: string, currency: string }, total: { amount: string, currency: string } }>, creditNotes: Array<{ reason: CreditNoteReason, total: { amount: string, currency: string }, amountReleased: { amount: string, currency: string }, amountToBalance: { amount: string, currency: string } }>, renewalAmount: { amount: string, currency: string } } | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type PreviewUpdateQuantityQueryVariables = Exact<{
  input: UpdateQuantityInput;
}>;


export type PreviewUpdateQuantityQuery = { previewUpdateQuantity: { preview: { effectiveAt: string, status: SubscriptionStatus, trialEndsAt: string | null, renewsAt: string | null, warnings: Array<Warning>, previewToken: string, invoiceTotal: { amount: string, currency: string }, creditUsed: { amount: string, currency: string }, amountDue: { amount: string, currency: string }, creditGranted: { amount: string, currency: string }, lines: Array<{ description: string, quantity: number, startsAt: string, endsAt: string, subtotal: { amount: string, currency: string }, discount: { amount: string, currency: string }, tax: { amount: string, currency: string }, total: { amount: string, currency: string } }>, creditNotes: Array<{ reason: CreditNoteReason, total: { amount: string, currency: string }, amountReleased: { amount: string, currency: string }, amountToBalance: { amount: string, currency: string } }>, renewalAmount: { amount: string, currency: string } } | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type PreviewWithdrawPendingChangeQueryVariables = Exact<{
  input: WithdrawPendingChangeInput;
}>;


export type PreviewWithdrawPendingChangeQuery = { previewWithdrawPendingChange: { preview: { effectiveAt: string, status: SubscriptionStatus, trialEndsAt: string | null, renewsAt: string | null, warnings: Array<Warning>, previewToken: string, invoiceTotal: { amount: string, currency: string }, creditUsed: { amount: string, currency: string }, amountDue: { amount: string, currency: string }, creditGranted: { amount: string, currency: string }, lines: Array<{ description: string, quantity: number, startsAt: string, endsAt: string, subtotal: { amount: string, currency: string }, discount: { amount: string, currency: string }, tax: { amount: string, currency: string }, total: { amount: string, currency: string } }>, creditNotes: Array<{ reason: CreditNoteReason, total: { amount: string, currency: string }, amountReleased: { amount: string, currency: string }, amountToBalance: { amount: string, currency: string } }>, renewalAmount: { amount: string, currency: string } } | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }> } | null };

export type AddPlanMutationVariables = Exact<{
  input: AddPlanInput;
  first?: number | null | undefined;
  after?: string | null | undefined;
  filter?: SubscriptionFilter | null | undefined;
}>;


export type AddPlanMutation = { addPlan: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, subscription: { id: string, version: number, status: SubscriptionStatus, suspendedBy: SuspendedBy | null, hasOverdue: boolean, quantity: number, startedAt: string, createdAt: string, trialEndsAt: string | null, renewsAt: string | null, pausedAt: string | null, resumesAt: string | null, suspendedAt: string | null, canceledAt: string | null, cancelReason: CancelReason | null, cancelComment: string | null, currentPeriod: { startsAt: string, endsAt: string } | null, renewalAmount: { amount: string, currency: string }, pendingChange: { kind: PendingChangeKind, effectiveAt: string, quantity: number | null, resumesAt: string | null, plan: { id: string, name: string } | null, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string } } | null } | null, plan: { id: string, name: string, description: string }, price: { id: string, interval: BillingInterval, intervalCount: number, taxBehavior: TaxBehavior, unitAmount: { amount: string, currency: string } }, appliedCoupon: { redeemedAt: string, periodsLeft: number | null, coupon: { id: string, code: string, name: string, percentOff: string | null, duration: CouponDuration, durationPeriods: number | null, amountOff: { amount: string, currency: string } | null } } | null, paymentMethod: { id: string, kind: PaymentMethodKind, brand: string | null, last4: string | null, isExpired: boolean } | null, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }>, cancellationOptions: Array<{ kind: RetentionKind, headline: string, couponCode: string | null, couponName: string | null, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string }, plan: { id: string, name: string } } | null }>, invoices: { totalCount: number, nodes: Array<{ id: string, number: string, status: InvoiceStatus, issuedAt: string, dueOn: string, isOverdue: boolean, daysOverdue: number, total: { amount: string, currency: string }, amountRemaining: { amount: string, currency: string } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, history: { nodes: Array<{ kind: SubscriptionEventKind, happenedAt: string, actor: Actor, client: string | null, note: string }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null } | null, invoice: { id: string, version: number, number: string, status: InvoiceStatus, isOverdue: boolean, total: { amount: string, currency: string }, amountRemaining: { amount: string, currency: string }, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> } | null, payment: { id: string, version: number, status: PaymentStatus, createdAt: string, settledAt: string | null, declineCode: string | null, retryable: boolean, amount: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null } } | null, clientAction: { clientSecret: string, publishableKey: string } | null, customer: { id: string, summary: { id: string, activeSubscriptions: number, activeSchedules: number, balance: Array<{ amount: string, currency: string }>, totalDue: Array<{ amount: string, currency: string }>, totalOverdue: Array<{ amount: string, currency: string }>, processing: Array<{ amount: string, currency: string }>, payable: Array<{ amount: string, currency: string }>, lastPayment: { id: string, status: PaymentStatus, settledAt: string | null, amount: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null } } | null, nextPayment: { date: string, kind: NextPaymentKind, amount: { amount: string, currency: string }, source:
            | { __typename: 'Attachment', id: string }
            | { __typename: 'CatalogCancellationOption', id: string }
            | { __typename: 'Coupon', id: string }
            | { __typename: 'CreditNote', id: string }
            | { __typename: 'Customer', id: string }
            | { __typename: 'DataExport', id: string }
            | { __typename: 'Event', id: string }
            | { __typename: 'Grant', id: string }
            | { __typename: 'Installment', id: string }
            | { __typename: 'Invoice', id: string }
            | { __typename: 'InvoiceLine', id: string }
            | { __typename: 'Payment', id: string }
            | { __typename: 'PaymentMethod', id: string }
            | { __typename: 'PaymentSchedule', id: string }
            | { __typename: 'Plan', id: string }
            | { __typename: 'PortalSession', id: string }
            | { __typename: 'Price', id: string }
            | { __typename: 'Refund', id: string }
            | { __typename: 'Subscription', id: string }
            | { __typename: 'Summary', id: string }
           | null } | null }, subscriptions: { totalCount: number, edges: Array<{ cursor: string, node: { id: string, version: number, status: SubscriptionStatus, suspendedBy: SuspendedBy | null, hasOverdue: boolean, quantity: number, renewsAt: string | null, resumesAt: string | null, renewalAmount: { amount: string, currency: string }, pendingChange: { kind: PendingChangeKind, effectiveAt: string, quantity: number | null, resumesAt: string | null, plan: { id: string, name: string } | null, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string } } | null } | null, plan: { id: string, name: string }, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string } }, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null } | null } | null };

export type ApplyCouponMutationVariables = Exact<{
  input: ApplyCouponInput;
}>;


export type ApplyCouponMutation = { applyCoupon: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, subscription: { id: string, version: number, status: SubscriptionStatus, suspendedBy: SuspendedBy | null, hasOverdue: boolean, quantity: number, startedAt: string, createdAt: string, trialEndsAt: string | null, renewsAt: string | null, pausedAt: string | null, resumesAt: string | null, suspendedAt: string | null, canceledAt: string | null, cancelReason: CancelReason | null, cancelComment: string | null, currentPeriod: { startsAt: string, endsAt: string } | null, renewalAmount: { amount: string, currency: string }, pendingChange: { kind: PendingChangeKind, effectiveAt: string, quantity: number | null, resumesAt: string | null, plan: { id: string, name: string } | null, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string } } | null } | null, plan: { id: string, name: string, description: string }, price: { id: string, interval: BillingInterval, intervalCount: number, taxBehavior: TaxBehavior, unitAmount: { amount: string, currency: string } }, appliedCoupon: { redeemedAt: string, periodsLeft: number | null, coupon: { id: string, code: string, name: string, percentOff: string | null, duration: CouponDuration, durationPeriods: number | null, amountOff: { amount: string, currency: string } | null } } | null, paymentMethod: { id: string, kind: PaymentMethodKind, brand: string | null, last4: string | null, isExpired: boolean } | null, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }>, cancellationOptions: Array<{ kind: RetentionKind, headline: string, couponCode: string | null, couponName: string | null, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string }, plan: { id: string, name: string } } | null }>, invoices: { totalCount: number, nodes: Array<{ id: string, number: string, status: InvoiceStatus, issuedAt: string, dueOn: string, isOverdue: boolean, daysOverdue: number, total: { amount: string, currency: string }, amountRemaining: { amount: string, currency: string } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, history: { nodes: Array<{ kind: SubscriptionEventKind, happenedAt: string, actor: Actor, client: string | null, note: string }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null } | null, customer: { id: string, summary: { id: string, activeSubscriptions: number, activeSchedules: number, balance: Array<{ amount: string, currency: string }>, totalDue: Array<{ amount: string, currency: string }>, totalOverdue: Array<{ amount: string, currency: string }>, processing: Array<{ amount: string, currency: string }>, payable: Array<{ amount: string, currency: string }>, lastPayment: { id: string, status: PaymentStatus, settledAt: string | null, amount: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null } } | null, nextPayment: { date: string, kind: NextPaymentKind, amount: { amount: string, currency: string }, source:
            | { __typename: 'Attachment', id: string }
            | { __typename: 'CatalogCancellationOption', id: string }
            | { __typename: 'Coupon', id: string }
            | { __typename: 'CreditNote', id: string }
            | { __typename: 'Customer', id: string }
            | { __typename: 'DataExport', id: string }
            | { __typename: 'Event', id: string }
            | { __typename: 'Grant', id: string }
            | { __typename: 'Installment', id: string }
            | { __typename: 'Invoice', id: string }
            | { __typename: 'InvoiceLine', id: string }
            | { __typename: 'Payment', id: string }
            | { __typename: 'PaymentMethod', id: string }
            | { __typename: 'PaymentSchedule', id: string }
            | { __typename: 'Plan', id: string }
            | { __typename: 'PortalSession', id: string }
            | { __typename: 'Price', id: string }
            | { __typename: 'Refund', id: string }
            | { __typename: 'Subscription', id: string }
            | { __typename: 'Summary', id: string }
           | null } | null } } | null } | null };

export type CancelSubscriptionMutationVariables = Exact<{
  input: CancelSubscriptionInput;
}>;


export type CancelSubscriptionMutation = { cancelSubscription: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, subscription: { id: string, version: number, status: SubscriptionStatus, suspendedBy: SuspendedBy | null, hasOverdue: boolean, quantity: number, startedAt: string, createdAt: string, trialEndsAt: string | null, renewsAt: string | null, pausedAt: string | null, resumesAt: string | null, suspendedAt: string | null, canceledAt: string | null, cancelReason: CancelReason | null, cancelComment: string | null, currentPeriod: { startsAt: string, endsAt: string } | null, renewalAmount: { amount: string, currency: string }, pendingChange: { kind: PendingChangeKind, effectiveAt: string, quantity: number | null, resumesAt: string | null, plan: { id: string, name: string } | null, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string } } | null } | null, plan: { id: string, name: string, description: string }, price: { id: string, interval: BillingInterval, intervalCount: number, taxBehavior: TaxBehavior, unitAmount: { amount: string, currency: string } }, appliedCoupon: { redeemedAt: string, periodsLeft: number | null, coupon: { id: string, code: string, name: string, percentOff: string | null, duration: CouponDuration, durationPeriods: number | null, amountOff: { amount: string, currency: string } | null } } | null, paymentMethod: { id: string, kind: PaymentMethodKind, brand: string | null, last4: string | null, isExpired: boolean } | null, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }>, cancellationOptions: Array<{ kind: RetentionKind, headline: string, couponCode: string | null, couponName: string | null, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string }, plan: { id: string, name: string } } | null }>, invoices: { totalCount: number, nodes: Array<{ id: string, number: string, status: InvoiceStatus, issuedAt: string, dueOn: string, isOverdue: boolean, daysOverdue: number, total: { amount: string, currency: string }, amountRemaining: { amount: string, currency: string } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, history: { nodes: Array<{ kind: SubscriptionEventKind, happenedAt: string, actor: Actor, client: string | null, note: string }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null } | null, customer: { id: string, summary: { id: string, activeSubscriptions: number, activeSchedules: number, balance: Array<{ amount: string, currency: string }>, totalDue: Array<{ amount: string, currency: string }>, totalOverdue: Array<{ amount: string, currency: string }>, processing: Array<{ amount: string, currency: string }>, payable: Array<{ amount: string, currency: string }>, lastPayment: { id: string, status: PaymentStatus, settledAt: string | null, amount: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null } } | null, nextPayment: { date: string, kind: NextPaymentKind, amount: { amount: string, currency: string }, source:
            | { __typename: 'Attachment', id: string }
            | { __typename: 'CatalogCancellationOption', id: string }
            | { __typename: 'Coupon', id: string }
            | { __typename: 'CreditNote', id: string }
            | { __typename: 'Customer', id: string }
            | { __typename: 'DataExport', id: string }
            | { __typename: 'Event', id: string }
            | { __typename: 'Grant', id: string }
            | { __typename: 'Installment', id: string }
            | { __typename: 'Invoice', id: string }
            | { __typename: 'InvoiceLine', id: string }
            | { __typename: 'Payment', id: string }
            | { __typename: 'PaymentMethod', id: string }
            | { __typename: 'PaymentSchedule', id: string }
            | { __typename: 'Plan', id: string }
            | { __typename: 'PortalSession', id: string }
            | { __typename: 'Price', id: string }
            | { __typename: 'Refund', id: string }
            | { __typename: 'Subscription', id: string }
            | { __typename: 'Summary', id: string }
           | null } | null } } | null } | null };

export type ChangePlanMutationVariables = Exact<{
  input: ChangePlanInput;
}>;


export type ChangePlanMutation = { changePlan: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, subscription: { id: string, version: number, status: SubscriptionStatus, suspendedBy: SuspendedBy | null, hasOverdue: boolean, quantity: number, startedAt: string, createdAt: string, trialEndsAt: string | null, renewsAt: string | null, pausedAt: string | null, resumesAt: string | null, suspendedAt: string | null, canceledAt: string | null, cancelReason: CancelReason | null, cancelComment: string | null, currentPeriod: { startsAt: string, endsAt: string } | null, renewalAmount: { amount: string, currency: string }, pendingChange: { kind: PendingChangeKind, effectiveAt: string, quantity: number | null, resumesAt: string | null, plan: { id: string, name: string } | null, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string } } | null } | null, plan: { id: string, name: string, description: string }, price: { id: string, interval: BillingInterval, intervalCount: number, taxBehavior: TaxBehavior, unitAmount: { amount: string, currency: string } }, appliedCoupon: { redeemedAt: string, periodsLeft: number | null, coupon: { id: string, code: string, name: string, percentOff: string | null, duration: CouponDuration, durationPeriods: number | null, amountOff: { amount: string, currency: string } | null } } | null, paymentMethod: { id: string, kind: PaymentMethodKind, brand: string | null, last4: string | null, isExpired: boolean } | null, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }>, cancellationOptions: Array<{ kind: RetentionKind, headline: string, couponCode: string | null, couponName: string | null, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string }, plan: { id: string, name: string } } | null }>, invoices: { totalCount: number, nodes: Array<{ id: string, number: string, status: InvoiceStatus, issuedAt: string, dueOn: string, isOverdue: boolean, daysOverdue: number, total: { amount: string, currency: string }, amountRemaining: { amount: string, currency: string } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, history: { nodes: Array<{ kind: SubscriptionEventKind, happenedAt: string, actor: Actor, client: string | null, note: string }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null } | null, invoice: { id: string, version: number, number: string, status: InvoiceStatus, isOverdue: boolean, total: { amount: string, currency: string }, amountRemaining: { amount: string, currency: string }, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> } | null, payment: { id: string, version: number, status: PaymentStatus, createdAt: string, settledAt: string | null, declineCode: string | null, retryable: boolean, amount: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null } } | null, clientAction: { clientSecret: string, publishableKey: string } | null, customer: { id: string, summary: { id: string, activeSubscriptions: number, activeSchedules: number, balance: Array<{ amount: string, currency: string }>, totalDue: Array<{ amount: string, currency: string }>, totalOverdue: Array<{ amount: string, currency: string }>, processing: Array<{ amount: string, currency: string }>, payable: Array<{ amount: string, currency: string }>, lastPayment: { id: string, status: PaymentStatus, settledAt: string | null, amount: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null } } | null, nextPayment: { date: string, kind: NextPaymentKind, amount: { amount: string, currency: string }, source:
            | { __typename: 'Attachment', id: string }
            | { __typename: 'CatalogCancellationOption', id: string }
            | { __typename: 'Coupon', id: string }
            | { __typename: 'CreditNote', id: string }
            | { __typename: 'Customer', id: string }
            | { __typename: 'DataExport', id: string }
            | { __typename: 'Event', id: string }
            | { __typename: 'Grant', id: string }
            | { __typename: 'Installment', id: string }
            | { __typename: 'Invoice', id: string }
            | { __typename: 'InvoiceLine', id: string }
            | { __typename: 'Payment', id: string }
            | { __typename: 'PaymentMethod', id: string }
            | { __typename: 'PaymentSchedule', id: string }
            | { __typename: 'Plan', id: string }
            | { __typename: 'PortalSession', id: string }
            | { __typename: 'Price', id: string }
            | { __typename: 'Refund', id: string }
            | { __typename: 'Subscription', id: string }
            | { __typename: 'Summary', id: string }
           | null } | null } } | null } | null };

export type PauseSubscriptionMutationVariables = Exact<{
  input: PauseSubscriptionInput;
}>;


export type PauseSubscriptionMutation = { pauseSubscription: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, subscription: { id: string, version: number, status: SubscriptionStatus, suspendedBy: SuspendedBy | null, hasOverdue: boolean, quantity: number, startedAt: string, createdAt: string, trialEndsAt: string | null, renewsAt: string | null, pausedAt: string | null, resumesAt: string | null, suspendedAt: string | null, canceledAt: string | null, cancelReason: CancelReason | null, cancelComment: string | null, currentPeriod: { startsAt: string, endsAt: string } | null, renewalAmount: { amount: string, currency: string }, pendingChange: { kind: PendingChangeKind, effectiveAt: string, quantity: number | null, resumesAt: string | null, plan: { id: string, name: string } | null, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string } } | null } | null, plan: { id: string, name: string, description: string }, price: { id: string, interval: BillingInterval, intervalCount: number, taxBehavior: TaxBehavior, unitAmount: { amount: string, currency: string } }, appliedCoupon: { redeemedAt: string, periodsLeft: number | null, coupon: { id: string, code: string, name: string, percentOff: string | null, duration: CouponDuration, durationPeriods: number | null, amountOff: { amount: string, currency: string } | null } } | null, paymentMethod: { id: string, kind: PaymentMethodKind, brand: string | null, last4: string | null, isExpired: boolean } | null, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }>, cancellationOptions: Array<{ kind: RetentionKind, headline: string, couponCode: string | null, couponName: string | null, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string }, plan: { id: string, name: string } } | null }>, invoices: { totalCount: number, nodes: Array<{ id: string, number: string, status: InvoiceStatus, issuedAt: string, dueOn: string, isOverdue: boolean, daysOverdue: number, total: { amount: string, currency: string }, amountRemaining: { amount: string, currency: string } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, history: { nodes: Array<{ kind: SubscriptionEventKind, happenedAt: string, actor: Actor, client: string | null, note: string }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null } | null, customer: { id: string, summary: { id: string, activeSubscriptions: number, activeSchedules: number, balance: Array<{ amount: string, currency: string }>, totalDue: Array<{ amount: string, currency: string }>, totalOverdue: Array<{ amount: string, currency: string }>, processing: Array<{ amount: string, currency: string }>, payable: Array<{ amount: string, currency: string }>, lastPayment: { id: string, status: PaymentStatus, settledAt: string | null, amount: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null } } | null, nextPayment: { date: string, kind: NextPaymentKind, amount: { amount: string, currency: string }, source:
            | { __typename: 'Attachment', id: string }
            | { __typename: 'CatalogCancellationOption', id: string }
            | { __typename: 'Coupon', id: string }
            | { __typename: 'CreditNote', id: string }
            | { __typename: 'Customer', id: string }
            | { __typename: 'DataExport', id: string }
            | { __typename: 'Event', id: string }
            | { __typename: 'Grant', id: string }
            | { __typename: 'Installment', id: string }
            | { __typename: 'Invoice', id: string }
            | { __typename: 'InvoiceLine', id: string }
            | { __typename: 'Payment', id: string }
            | { __typename: 'PaymentMethod', id: string }
            | { __typename: 'PaymentSchedule', id: string }
            | { __typename: 'Plan', id: string }
            | { __typename: 'PortalSession', id: string }
            | { __typename: 'Price', id: string }
            | { __typename: 'Refund', id: string }
            | { __typename: 'Subscription', id: string }
            | { __typename: 'Summary', id: string }
           | null } | null } } | null } | null };

export type RemoveCouponMutationVariables = Exact<{
  input: RemoveCouponInput;
}>;


export type RemoveCouponMutation = { removeCoupon: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, subscription: { id: string, version: number, status: SubscriptionStatus, suspendedBy: SuspendedBy | null, hasOverdue: boolean, quantity: number, startedAt: string, createdAt: string, trialEndsAt: string | null, renewsAt: string | null, pausedAt: string | null, resumesAt: string | null, suspendedAt: string | null, canceledAt: string | null, cancelReason: CancelReason | null, cancelComment: string | null, currentPeriod: { startsAt: string, endsAt: string } | null, renewalAmount: { amount: string, currency: string }, pendingChange: { kind: PendingChangeKind, effectiveAt: string, quantity: number | null, resumesAt: string | null, plan: { id: string, name: string } | null, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string } } | null } | null, plan: { id: string, name: string, description: string }, price: { id: string, interval: BillingInterval, intervalCount: number, taxBehavior: TaxBehavior, unitAmount: { amount: string, currency: string } }, appliedCoupon: { redeemedAt: string, periodsLeft: number | null, coupon: { id: string, code: string, name: string, percentOff: string | null, duration: CouponDuration, durationPeriods: number | null, amountOff: { amount: string, currency: string } | null } } | null, paymentMethod: { id: string, kind: PaymentMethodKind, brand: string | null, last4: string | null, isExpired: boolean } | null, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }>, cancellationOptions: Array<{ kind: RetentionKind, headline: string, couponCode: string | null, couponName: string | null, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string }, plan: { id: string, name: string } } | null }>, invoices: { totalCount: number, nodes: Array<{ id: string, number: string, status: InvoiceStatus, issuedAt: string, dueOn: string, isOverdue: boolean, daysOverdue: number, total: { amount: string, currency: string }, amountRemaining: { amount: string, currency: string } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, history: { nodes: Array<{ kind: SubscriptionEventKind, happenedAt: string, actor: Actor, client: string | null, note: string }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null } | null, customer: { id: string, summary: { id: string, activeSubscriptions: number, activeSchedules: number, balance: Array<{ amount: string, currency: string }>, totalDue: Array<{ amount: string, currency: string }>, totalOverdue: Array<{ amount: string, currency: string }>, processing: Array<{ amount: string, currency: string }>, payable: Array<{ amount: string, currency: string }>, lastPayment: { id: string, status: PaymentStatus, settledAt: string | null, amount: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null } } | null, nextPayment: { date: string, kind: NextPaymentKind, amount: { amount: string, currency: string }, source:
            | { __typename: 'Attachment', id: string }
            | { __typename: 'CatalogCancellationOption', id: string }
            | { __typename: 'Coupon', id: string }
            | { __typename: 'CreditNote', id: string }
            | { __typename: 'Customer', id: string }
            | { __typename: 'DataExport', id: string }
            | { __typename: 'Event', id: string }
            | { __typename: 'Grant', id: string }
            | { __typename: 'Installment', id: string }
            | { __typename: 'Invoice', id: string }
            | { __typename: 'InvoiceLine', id: string }
            | { __typename: 'Payment', id: string }
            | { __typename: 'PaymentMethod', id: string }
            | { __typename: 'PaymentSchedule', id: string }
            | { __typename: 'Plan', id: string }
            | { __typename: 'PortalSession', id: string }
            | { __typename: 'Price', id: string }
            | { __typename: 'Refund', id: string }
            | { __typename: 'Subscription', id: string }
            | { __typename: 'Summary', id: string }
           | null } | null } } | null } | null };

export type ResumeSubscriptionMutationVariables = Exact<{
  input: ResumeSubscriptionInput;
}>;


export type ResumeSubscriptionMutation = { resumeSubscription: { replayed: boolean, resumedFrom: ResumedFrom | null, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, subscription: { id: string, version: number, status: SubscriptionStatus, suspendedBy: SuspendedBy | null, hasOverdue: boolean, quantity: number, startedAt: string, createdAt: string, trialEndsAt: string | null, renewsAt: string | null, pausedAt: string | null, resumesAt: string | null, suspendedAt: string | null, canceledAt: string | null, cancelReason: CancelReason | null, cancelComment: string | null, currentPeriod: { startsAt: string, endsAt: string } | null, renewalAmount: { amount: string, currency: string }, pendingChange: { kind: PendingChangeKind, effectiveAt: string, quantity: number | null, resumesAt: string | null, plan: { id: string, name: string } | null, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string } } | null } | null, plan: { id: string, name: string, description: string }, price: { id: string, interval: BillingInterval, intervalCount: number, taxBehavior: TaxBehavior, unitAmount: { amount: string, currency: string } }, appliedCoupon: { redeemedAt: string, periodsLeft: number | null, coupon: { id: string, code: string, name: string, percentOff: string | null, duration: CouponDuration, durationPeriods: number | null, amountOff: { amount: string, currency: string } | null } } | null, paymentMethod: { id: string, kind: PaymentMethodKind, brand: string | null, last4: string | null, isExpired: boolean } | null, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }>, cancellationOptions: Array<{ kind: RetentionKind, headline: string, couponCode: string | null, couponName: string | null, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string }, plan: { id: string, name: string } } | null }>, invoices: { totalCount: number, nodes: Array<{ id: string, number: string, status: InvoiceStatus, issuedAt: string, dueOn: string, isOverdue: boolean, daysOverdue: number, total: { amount: string, currency: string }, amountRemaining: { amount: string, currency: string } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, history: { nodes: Array<{ kind: SubscriptionEventKind, happenedAt: string, actor: Actor, client: string | null, note: string }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null } | null, invoice: { id: string, version: number, number: string, status: InvoiceStatus, isOverdue: boolean, total: { amount: string, currency: string }, amountRemaining: { amount: string, currency: string }, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> } | null, payment: { id: string, version: number, status: PaymentStatus, createdAt: string, settledAt: string | null, declineCode: string | null, retryable: boolean, amount: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null } } | null, clientAction: { clientSecret: string, publishableKey: string } | null, customer: { id: string, summary: { id: string, activeSubscriptions: number, activeSchedules: number, balance: Array<{ amount: string, currency: string }>, totalDue: Array<{ amount: string, currency: string }>, totalOverdue: Array<{ amount: string, currency: string }>, processing: Array<{ amount: string, currency: string }>, payable: Array<{ amount: string, currency: string }>, lastPayment: { id: string, status: PaymentStatus, settledAt: string | null, amount: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null } } | null, nextPayment: { date: string, kind: NextPaymentKind, amount: { amount: string, currency: string }, source:
            | { __typename: 'Attachment', id: string }
            | { __typename: 'CatalogCancellationOption', id: string }
            | { __typename: 'Coupon', id: string }
            | { __typename: 'CreditNote', id: string }
            | { __typename: 'Customer', id: string }
            | { __typename: 'DataExport', id: string }
            | { __typename: 'Event', id: string }
            | { __typename: 'Grant', id: string }
            | { __typename: 'Installment', id: string }
            | { __typename: 'Invoice', id: string }
            | { __typename: 'InvoiceLine', id: string }
            | { __typename: 'Payment', id: string }
            | { __typename: 'PaymentMethod', id: string }
            | { __typename: 'PaymentSchedule', id: string }
            | { __typename: 'Plan', id: string }
            | { __typename: 'PortalSession', id: string }
            | { __typename: 'Price', id: string }
            | { __typename: 'Refund', id: string }
            | { __typename: 'Subscription', id: string }
            | { __typename: 'Summary', id: string }
           | null } | null } } | null } | null };

export type SuspendSubscriptionMutationVariables = Exact<{
  input: SuspendSubscriptionInput;
}>;


export type SuspendSubscriptionMutation = { suspendSubscription: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, subscription: { id: string, version: number, status: SubscriptionStatus, suspendedBy: SuspendedBy | null, hasOverdue: boolean, quantity: number, startedAt: string, createdAt: string, trialEndsAt: string | null, renewsAt: string | null, pausedAt: string | null, resumesAt: string | null, suspendedAt: string | null, canceledAt: string | null, cancelReason: CancelReason | null, cancelComment: string | null, currentPeriod: { startsAt: string, endsAt: string } | null, renewalAmount: { amount: string, currency: string }, pendingChange: { kind: PendingChangeKind, effectiveAt: string, quantity: number | null, resumesAt: string | null, plan: { id: string, name: string } | null, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string } } | null } | null, plan: { id: string, name: string, description: string }, price: { id: string, interval: BillingInterval, intervalCount: number, taxBehavior: TaxBehavior, unitAmount: { amount: string, currency: string } }, appliedCoupon: { redeemedAt: string, periodsLeft: number | null, coupon: { id: string, code: string, name: string, percentOff: string | null, duration: CouponDuration, durationPeriods: number | null, amountOff: { amount: string, currency: string } | null } } | null, paymentMethod: { id: string, kind: PaymentMethodKind, brand: string | null, last4: string | null, isExpired: boolean } | null, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }>, cancellationOptions: Array<{ kind: RetentionKind, headline: string, couponCode: string | null, couponName: string | null, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string }, plan: { id: string, name: string } } | null }>, invoices: { totalCount: number, nodes: Array<{ id: string, number: string, status: InvoiceStatus, issuedAt: string, dueOn: string, isOverdue: boolean, daysOverdue: number, total: { amount: string, currency: string }, amountRemaining: { amount: string, currency: string } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, history: { nodes: Array<{ kind: SubscriptionEventKind, happenedAt: string, actor: Actor, client: string | null, note: string }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null } | null, customer: { id: string, summary: { id: string, activeSubscriptions: number, activeSchedules: number, balance: Array<{ amount: string, currency: string }>, totalDue: Array<{ amount: string, currency: string }>, totalOverdue: Array<{ amount: string, currency: string }>, processing: Array<{ amount: string, currency: string }>, payable: Array<{ amount: string, currency: string }>, lastPayment: { id: string, status: PaymentStatus, settledAt: string | null, amount: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null } } | null, nextPayment: { date: string, kind: NextPaymentKind, amount: { amount: string, currency: string }, source:
            | { __typename: 'Attachment', id: string }
            | { __typename: 'CatalogCancellationOption', id: string }
            | { __typename: 'Coupon', id: string }
            | { __typename: 'CreditNote', id: string }
            | { __typename: 'Customer', id: string }
            | { __typename: 'DataExport', id: string }
            | { __typename: 'Event', id: string }
            | { __typename: 'Grant', id: string }
            | { __typename: 'Installment', id: string }
            | { __typename: 'Invoice', id: string }
            | { __typename: 'InvoiceLine', id: string }
            | { __typename: 'Payment', id: string }
            | { __typename: 'PaymentMethod', id: string }
            | { __typename: 'PaymentSchedule', id: string }
            | { __typename: 'Plan', id: string }
            | { __typename: 'PortalSession', id: string }
            | { __typename: 'Price', id: string }
            | { __typename: 'Refund', id: string }
            | { __typename: 'Subscription', id: string }
            | { __typename: 'Summary', id: string }
           | null } | null } } | null } | null };

export type UpdateQuantityMutationVariables = Exact<{
  input: UpdateQuantityInput;
}>;


export type UpdateQuantityMutation = { updateQuantity: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, subscription: { id: string, version: number, status: SubscriptionStatus, suspendedBy: SuspendedBy | null, hasOverdue: boolean, quantity: number, startedAt: string, createdAt: string, trialEndsAt: string | null, renewsAt: string | null, pausedAt: string | null, resumesAt: string | null, suspendedAt: string | null, canceledAt: string | null, cancelReason: CancelReason | null, cancelComment: string | null, currentPeriod: { startsAt: string, endsAt: string } | null, renewalAmount: { amount: string, currency: string }, pendingChange: { kind: PendingChangeKind, effectiveAt: string, quantity: number | null, resumesAt: string | null, plan: { id: string, name: string } | null, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string } } | null } | null, plan: { id: string, name: string, description: string }, price: { id: string, interval: BillingInterval, intervalCount: number, taxBehavior: TaxBehavior, unitAmount: { amount: string, currency: string } }, appliedCoupon: { redeemedAt: string, periodsLeft: number | null, coupon: { id: string, code: string, name: string, percentOff: string | null, duration: CouponDuration, durationPeriods: number | null, amountOff: { amount: string, currency: string } | null } } | null, paymentMethod: { id: string, kind: PaymentMethodKind, brand: string | null, last4: string | null, isExpired: boolean } | null, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }>, cancellationOptions: Array<{ kind: RetentionKind, headline: string, couponCode: string | null, couponName: string | null, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string }, plan: { id: string, name: string } } | null }>, invoices: { totalCount: number, nodes: Array<{ id: string, number: string, status: InvoiceStatus, issuedAt: string, dueOn: string, isOverdue: boolean, daysOverdue: number, total: { amount: string, currency: string }, amountRemaining: { amount: string, currency: string } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, history: { nodes: Array<{ kind: SubscriptionEventKind, happenedAt: string, actor: Actor, client: string | null, note: string }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null } | null, invoice: { id: string, version: number, number: string, status: InvoiceStatus, isOverdue: boolean, total: { amount: string, currency: string }, amountRemaining: { amount: string, currency: string }, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }> } | null, payment: { id: string, version: number, status: PaymentStatus, createdAt: string, settledAt: string | null, declineCode: string | null, retryable: boolean, amount: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null } } | null, clientAction: { clientSecret: string, publishableKey: string } | null, customer: { id: string, summary: { id: string, activeSubscriptions: number, activeSchedules: number, balance: Array<{ amount: string, currency: string }>, totalDue: Array<{ amount: string, currency: string }>, totalOverdue: Array<{ amount: string, currency: string }>, processing: Array<{ amount: string, currency: string }>, payable: Array<{ amount: string, currency: string }>, lastPayment: { id: string, status: PaymentStatus, settledAt: string | null, amount: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null } } | null, nextPayment: { date: string, kind: NextPaymentKind, amount: { amount: string, currency: string }, source:
            | { __typename: 'Attachment', id: string }
            | { __typename: 'CatalogCancellationOption', id: string }
            | { __typename: 'Coupon', id: string }
            | { __typename: 'CreditNote', id: string }
            | { __typename: 'Customer', id: string }
            | { __typename: 'DataExport', id: string }
            | { __typename: 'Event', id: string }
            | { __typename: 'Grant', id: string }
            | { __typename: 'Installment', id: string }
            | { __typename: 'Invoice', id: string }
            | { __typename: 'InvoiceLine', id: string }
            | { __typename: 'Payment', id: string }
            | { __typename: 'PaymentMethod', id: string }
            | { __typename: 'PaymentSchedule', id: string }
            | { __typename: 'Plan', id: string }
            | { __typename: 'PortalSession', id: string }
            | { __typename: 'Price', id: string }
            | { __typename: 'Refund', id: string }
            | { __typename: 'Subscription', id: string }
            | { __typename: 'Summary', id: string }
           | null } | null } } | null } | null };

export type WithdrawPendingChangeMutationVariables = Exact<{
  input: WithdrawPendingChangeInput;
}>;


export type WithdrawPendingChangeMutation = { withdrawPendingChange: { replayed: boolean, userErrors: Array<{ code: ErrorCode, message: string, path: Array<string> | null }>, subscription: { id: string, version: number, status: SubscriptionStatus, suspendedBy: SuspendedBy | null, hasOverdue: boolean, quantity: number, startedAt: string, createdAt: string, trialEndsAt: string | null, renewsAt: string | null, pausedAt: string | null, resumesAt: string | null, suspendedAt: string | null, canceledAt: string | null, cancelReason: CancelReason | null, cancelComment: string | null, currentPeriod: { startsAt: string, endsAt: string } | null, renewalAmount: { amount: string, currency: string }, pendingChange: { kind: PendingChangeKind, effectiveAt: string, quantity: number | null, resumesAt: string | null, plan: { id: string, name: string } | null, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string } } | null } | null, plan: { id: string, name: string, description: string }, price: { id: string, interval: BillingInterval, intervalCount: number, taxBehavior: TaxBehavior, unitAmount: { amount: string, currency: string } }, appliedCoupon: { redeemedAt: string, periodsLeft: number | null, coupon: { id: string, code: string, name: string, percentOff: string | null, duration: CouponDuration, durationPeriods: number | null, amountOff: { amount: string, currency: string } | null } } | null, paymentMethod: { id: string, kind: PaymentMethodKind, brand: string | null, last4: string | null, isExpired: boolean } | null, availableActions: Array<{ action: Action, allowed: boolean, reason: ErrorCode | null, message: string | null }>, cancellationOptions: Array<{ kind: RetentionKind, headline: string, couponCode: string | null, couponName: string | null, price: { id: string, interval: BillingInterval, intervalCount: number, unitAmount: { amount: string, currency: string }, plan: { id: string, name: string } } | null }>, invoices: { totalCount: number, nodes: Array<{ id: string, number: string, status: InvoiceStatus, issuedAt: string, dueOn: string, isOverdue: boolean, daysOverdue: number, total: { amount: string, currency: string }, amountRemaining: { amount: string, currency: string } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null, history: { nodes: Array<{ kind: SubscriptionEventKind, happenedAt: string, actor: Actor, client: string | null, note: string }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } | null } | null, customer: { id: string, summary: { id: string, activeSubscriptions: number, activeSchedules: number, balance: Array<{ amount: string, currency: string }>, totalDue: Array<{ amount: string, currency: string }>, totalOverdue: Array<{ amount: string, currency: string }>, processing: Array<{ amount: string, currency: string }>, payable: Array<{ amount: string, currency: string }>, lastPayment: { id: string, status: PaymentStatus, settledAt: string | null, amount: { amount: string, currency: string }, methodSnapshot: { kind: PaymentMethodKind, brand: string | null, last4: string | null } } | null, nextPayment: { date: string, kind: NextPaymentKind, amount: { amount: string, currency: string }, source:
            | { __typename: 'Attachment', id: string }
            | { __typename: 'CatalogCancellationOption', id: string }
            | { __typename: 'Coupon', id: string }
            | { __typename: 'CreditNote', id: string }
            | { __typename: 'Customer', id: string }
            | { __typename: 'DataExport', id: string }
            | { __typename: 'Event', id: string }
            | { __typename: 'Grant', id: string }
            | { __typename: 'Installment', id: string }
            | { __typename: 'Invoice', id: string }
            | { __typename: 'InvoiceLine', id: string }
            | { __typename: 'Payment', id: string }
            | { __typename: 'PaymentMethod', id: string }
            | { __typename: 'PaymentSchedule', id: string }
            | { __typename: 'Plan', id: string }
            | { __typename: 'PortalSession', id: string }
            | { __typename: 'Price', id: string }
            | { __typename: 'Refund', id: string }
            | { __typename: 'Subscription', id: string }
            | { __typename: 'Summary', id: string }
           | null } | null } } | null } | null };

export type FollowSubscriptionVariables = Exact<{
  after?: string | number | null | undefined;
}>;


export type FollowSubscription = { events: { cursor: string, events: Array<{ id: string }>, customer: { id: string, events: { nodes: Array<{ id: string, objectId: string, occurredAt: string }> } | null } } };

export const AttachmentsFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Attachments"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Attachable"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"attachments"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"50"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalCount"}},{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"fileName"}},{"kind":"Field","name":{"kind":"Name","value":"contentType"}},{"kind":"Field","name":{"kind":"Name","value":"sizeBytes"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"uploadedBy"}},{"kind":"Field","name":{"kind":"Name","value":"uploadedAt"}},{"kind":"Field","name":{"kind":"Name","value":"availableActions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"action"}},{"kind":"Field","name":{"kind":"Name","value":"allowed"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}}]} as unknown as DocumentNode<AttachmentsFragment, unknown>;
export const InvoiceDetailFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"InvoiceDetail"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Invoice"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"number"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"issuedAt"}},{"kind":"Field","name":{"kind":"Name","value":"dueOn"}},{"kind":"Field","name":{"kind":"Name","value":"paidAt"}},{"kind":"Field","name":{"kind":"Name","value":"isOverdue"}},{"kind":"Field","name":{"kind":"Name","value":"daysOverdue"}},{"kind":"Field","name":{"kind":"Name","value":"memo"}},{"kind":"Field","name":{"kind":"Name","value":"period"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startsAt"}},{"kind":"Field","name":{"kind":"Name","value":"endsAt"}}]}},{"kind":"Field","name":{"kind":"Name","value":"subtotal"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"discount"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"tax"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"total"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"amountPaid"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"amountCredited"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"amountRefunded"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"amountRemaining"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"payable"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"collection"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"nextAttemptAt"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}},{"kind":"Field","name":{"kind":"Name","value":"subscription"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"plan"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"paymentSchedule"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"taxes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"taxRate"}},{"kind":"Field","name":{"kind":"Name","value":"netAmount"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"tax"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"availableActions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"action"}},{"kind":"Field","name":{"kind":"Name","value":"allowed"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}},{"kind":"Field","name":{"kind":"Name","value":"lines"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"50"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalCount"}},{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"position"}},{"kind":"Field","name":{"kind":"Name","value":"description"}},{"kind":"Field","name":{"kind":"Name","value":"quantity"}},{"kind":"Field","name":{"kind":"Name","value":"unitAmount"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"discount"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"total"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"period"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startsAt"}},{"kind":"Field","name":{"kind":"Name","value":"endsAt"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"payments"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"20"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"settledAt"}},{"kind":"Field","name":{"kind":"Name","value":"declineCode"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}},{"kind":"Field","name":{"kind":"Name","value":"amount"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"refunded"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"methodSnapshot"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"brand"}},{"kind":"Field","name":{"kind":"Name","value":"last4"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"creditNotes"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"10"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"number"}},{"kind":"Field","name":{"kind":"Name","value":"issuedAt"}},{"kind":"Field","name":{"kind":"Name","value":"total"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"Attachments"}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Attachments"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Attachable"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"attachments"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"50"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalCount"}},{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"fileName"}},{"kind":"Field","name":{"kind":"Name","value":"contentType"}},{"kind":"Field","name":{"kind":"Name","value":"sizeBytes"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"uploadedBy"}},{"kind":"Field","name":{"kind":"Name","value":"uploadedAt"}},{"kind":"Field","name":{"kind":"Name","value":"availableActions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"action"}},{"kind":"Field","name":{"kind":"Name","value":"allowed"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}}]} as unknown as DocumentNode<InvoiceDetailFragment, unknown>;
export const ScheduleDetailFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ScheduleDetail"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PaymentSchedule"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"isOverdue"}},{"kind":"Field","name":{"kind":"Name","value":"invoicing"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"total"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"paid"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"remaining"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"nextInstallment"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"dueOn"}},{"kind":"Field","name":{"kind":"Name","value":"isOverdue"}},{"kind":"Field","name":{"kind":"Name","value":"remaining"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"subscription"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"plan"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"availableActions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"action"}},{"kind":"Field","name":{"kind":"Name","value":"allowed"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}},{"kind":"Field","name":{"kind":"Name","value":"installments"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"100"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalCount"}},{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"position"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"dueOn"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"isOverdue"}},{"kind":"Field","name":{"kind":"Name","value":"daysOverdue"}},{"kind":"Field","name":{"kind":"Name","value":"amount"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"paid"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"remaining"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"payable"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"invoice"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"number"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}},{"kind":"Field","name":{"kind":"Name","value":"availableActions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"action"}},{"kind":"Field","name":{"kind":"Name","value":"allowed"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}}]} as unknown as DocumentNode<ScheduleDetailFragment, unknown>;
export const MethodsFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Methods"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Customer"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"paymentMethods"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"50"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"brand"}},{"kind":"Field","name":{"kind":"Name","value":"last4"}},{"kind":"Field","name":{"kind":"Name","value":"expiresOn"}},{"kind":"Field","name":{"kind":"Name","value":"isDefault"}},{"kind":"Field","name":{"kind":"Name","value":"isExpired"}},{"kind":"Field","name":{"kind":"Name","value":"isInUse"}},{"kind":"Field","name":{"kind":"Name","value":"availableActions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"action"}},{"kind":"Field","name":{"kind":"Name","value":"allowed"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}}]} as unknown as DocumentNode<MethodsFragment, unknown>;
export const UnpaidFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Unpaid"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Customer"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","alias":{"kind":"Name","value":"unpaid"},"name":{"kind":"Name","value":"invoices"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"100"}},{"kind":"Argument","name":{"kind":"Name","value":"sort"},"value":{"kind":"EnumValue","value":"DUE_FIRST"}},{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"ObjectValue","fields":[{"kind":"ObjectField","name":{"kind":"Name","value":"status"},"value":{"kind":"ListValue","values":[{"kind":"EnumValue","value":"OPEN"},{"kind":"EnumValue","value":"PARTIALLY_PAID"},{"kind":"EnumValue","value":"PROCESSING"}]}}]}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalCount"}},{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"number"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"dueOn"}},{"kind":"Field","name":{"kind":"Name","value":"isOverdue"}},{"kind":"Field","name":{"kind":"Name","value":"daysOverdue"}},{"kind":"Field","name":{"kind":"Name","value":"total"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"amountRemaining"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"collection"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"state"}},{"kind":"Field","name":{"kind":"Name","value":"nextAttemptAt"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}},{"kind":"Field","name":{"kind":"Name","value":"availableActions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"action"}},{"kind":"Field","name":{"kind":"Name","value":"allowed"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}}]}}]}}]} as unknown as DocumentNode<UnpaidFragment, unknown>;
export const CalendarFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Calendar"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Customer"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"calendarUrl"}},{"kind":"Field","name":{"kind":"Name","value":"calendarLink"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"lastUsedAt"}}]}}]}}]} as unknown as DocumentNode<CalendarFragment, unknown>;
export const ProfileDetailFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"ProfileDetail"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Customer"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"email"}},{"kind":"Field","name":{"kind":"Name","value":"locale"}},{"kind":"Field","name":{"kind":"Name","value":"timeZone"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"companyName"}},{"kind":"Field","name":{"kind":"Name","value":"taxIds"}},{"kind":"Field","name":{"kind":"Name","value":"billingAddress"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"line1"}},{"kind":"Field","name":{"kind":"Name","value":"line2"}},{"kind":"Field","name":{"kind":"Name","value":"city"}},{"kind":"Field","name":{"kind":"Name","value":"region"}},{"kind":"Field","name":{"kind":"Name","value":"postalCode"}},{"kind":"Field","name":{"kind":"Name","value":"country"}}]}}]}}]} as unknown as DocumentNode<ProfileDetailFragment, unknown>;
export const SessionDetailFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SessionDetail"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"PortalSession"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"method"}},{"kind":"Field","name":{"kind":"Name","value":"linkDelivery"}},{"kind":"Field","name":{"kind":"Name","value":"client"}},{"kind":"Field","name":{"kind":"Name","value":"userAgent"}},{"kind":"Field","name":{"kind":"Name","value":"network"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"lastUsedAt"}},{"kind":"Field","name":{"kind":"Name","value":"expiresAt"}},{"kind":"Field","name":{"kind":"Name","value":"isCurrent"}}]}}]} as unknown as DocumentNode<SessionDetailFragment, unknown>;
export const SubscriptionDetailFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SubscriptionDetail"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Subscription"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"suspendedBy"}},{"kind":"Field","name":{"kind":"Name","value":"hasOverdue"}},{"kind":"Field","name":{"kind":"Name","value":"quantity"}},{"kind":"Field","name":{"kind":"Name","value":"startedAt"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"trialEndsAt"}},{"kind":"Field","name":{"kind":"Name","value":"renewsAt"}},{"kind":"Field","name":{"kind":"Name","value":"pausedAt"}},{"kind":"Field","name":{"kind":"Name","value":"resumesAt"}},{"kind":"Field","name":{"kind":"Name","value":"suspendedAt"}},{"kind":"Field","name":{"kind":"Name","value":"canceledAt"}},{"kind":"Field","name":{"kind":"Name","value":"cancelReason"}},{"kind":"Field","name":{"kind":"Name","value":"cancelComment"}},{"kind":"Field","name":{"kind":"Name","value":"currentPeriod"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"startsAt"}},{"kind":"Field","name":{"kind":"Name","value":"endsAt"}}]}},{"kind":"Field","name":{"kind":"Name","value":"renewalAmount"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pendingChange"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"effectiveAt"}},{"kind":"Field","name":{"kind":"Name","value":"quantity"}},{"kind":"Field","name":{"kind":"Name","value":"resumesAt"}},{"kind":"Field","name":{"kind":"Name","value":"plan"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"price"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"unitAmount"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"interval"}},{"kind":"Field","name":{"kind":"Name","value":"intervalCount"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"plan"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"description"}}]}},{"kind":"Field","name":{"kind":"Name","value":"price"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"unitAmount"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"interval"}},{"kind":"Field","name":{"kind":"Name","value":"intervalCount"}},{"kind":"Field","name":{"kind":"Name","value":"taxBehavior"}}]}},{"kind":"Field","name":{"kind":"Name","value":"appliedCoupon"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"redeemedAt"}},{"kind":"Field","name":{"kind":"Name","value":"periodsLeft"}},{"kind":"Field","name":{"kind":"Name","value":"coupon"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"percentOff"}},{"kind":"Field","name":{"kind":"Name","value":"amountOff"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"duration"}},{"kind":"Field","name":{"kind":"Name","value":"durationPeriods"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"paymentMethod"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"brand"}},{"kind":"Field","name":{"kind":"Name","value":"last4"}},{"kind":"Field","name":{"kind":"Name","value":"isExpired"}}]}},{"kind":"Field","name":{"kind":"Name","value":"availableActions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"action"}},{"kind":"Field","name":{"kind":"Name","value":"allowed"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}},{"kind":"Field","name":{"kind":"Name","value":"cancellationOptions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"headline"}},{"kind":"Field","name":{"kind":"Name","value":"couponCode"}},{"kind":"Field","name":{"kind":"Name","value":"couponName"}},{"kind":"Field","name":{"kind":"Name","value":"price"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"unitAmount"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"interval"}},{"kind":"Field","name":{"kind":"Name","value":"intervalCount"}},{"kind":"Field","name":{"kind":"Name","value":"plan"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"invoices"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"12"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalCount"}},{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"number"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"issuedAt"}},{"kind":"Field","name":{"kind":"Name","value":"dueOn"}},{"kind":"Field","name":{"kind":"Name","value":"isOverdue"}},{"kind":"Field","name":{"kind":"Name","value":"daysOverdue"}},{"kind":"Field","name":{"kind":"Name","value":"total"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"amountRemaining"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"history"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"20"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"happenedAt"}},{"kind":"Field","name":{"kind":"Name","value":"actor"}},{"kind":"Field","name":{"kind":"Name","value":"client"}},{"kind":"Field","name":{"kind":"Name","value":"note"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}}]} as unknown as DocumentNode<SubscriptionDetailFragment, unknown>;
export const CardsFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Cards"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Customer"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"subscriptions"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"Variable","name":{"kind":"Name","value":"first"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}},{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"Variable","name":{"kind":"Name","value":"filter"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"totalCount"}},{"kind":"Field","name":{"kind":"Name","value":"edges"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"cursor"}},{"kind":"Field","name":{"kind":"Name","value":"node"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"suspendedBy"}},{"kind":"Field","name":{"kind":"Name","value":"hasOverdue"}},{"kind":"Field","name":{"kind":"Name","value":"quantity"}},{"kind":"Field","name":{"kind":"Name","value":"renewsAt"}},{"kind":"Field","name":{"kind":"Name","value":"renewalAmount"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pendingChange"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"effectiveAt"}},{"kind":"Field","name":{"kind":"Name","value":"quantity"}},{"kind":"Field","name":{"kind":"Name","value":"resumesAt"}},{"kind":"Field","name":{"kind":"Name","value":"plan"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"price"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"unitAmount"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"interval"}},{"kind":"Field","name":{"kind":"Name","value":"intervalCount"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"resumesAt"}},{"kind":"Field","name":{"kind":"Name","value":"plan"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"price"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"unitAmount"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"interval"}},{"kind":"Field","name":{"kind":"Name","value":"intervalCount"}}]}},{"kind":"Field","name":{"kind":"Name","value":"availableActions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"action"}},{"kind":"Field","name":{"kind":"Name","value":"allowed"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}}]}}]} as unknown as DocumentNode<CardsFragment, unknown>;
export const FiguresFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Figures"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Customer"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"summary"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"balance"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"totalDue"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"totalOverdue"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"processing"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"payable"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"activeSubscriptions"}},{"kind":"Field","name":{"kind":"Name","value":"activeSchedules"}},{"kind":"Field","name":{"kind":"Name","value":"lastPayment"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"settledAt"}},{"kind":"Field","name":{"kind":"Name","value":"amount"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"methodSnapshot"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"brand"}},{"kind":"Field","name":{"kind":"Name","value":"last4"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"nextPayment"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"date"}},{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"amount"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"source"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]}}]}}]} as unknown as DocumentNode<FiguresFragment, unknown>;
export const SummaryPageFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"SummaryPage"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Customer"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"FragmentSpread","name":{"kind":"Name","value":"Figures"}},{"kind":"Field","name":{"kind":"Name","value":"subscriptions"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"5"}},{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"ObjectValue","fields":[{"kind":"ObjectField","name":{"kind":"Name","value":"status"},"value":{"kind":"ListValue","values":[{"kind":"EnumValue","value":"TRIALING"},{"kind":"EnumValue","value":"ACTIVE"},{"kind":"EnumValue","value":"PAUSED"},{"kind":"EnumValue","value":"SUSPENDED"}]}}]}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"suspendedBy"}},{"kind":"Field","name":{"kind":"Name","value":"hasOverdue"}},{"kind":"Field","name":{"kind":"Name","value":"quantity"}},{"kind":"Field","name":{"kind":"Name","value":"renewsAt"}},{"kind":"Field","name":{"kind":"Name","value":"renewalAmount"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"pendingChange"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"effectiveAt"}},{"kind":"Field","name":{"kind":"Name","value":"quantity"}},{"kind":"Field","name":{"kind":"Name","value":"resumesAt"}},{"kind":"Field","name":{"kind":"Name","value":"plan"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}},{"kind":"Field","name":{"kind":"Name","value":"price"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"unitAmount"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"interval"}},{"kind":"Field","name":{"kind":"Name","value":"intervalCount"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"plan"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"paymentSchedules"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"5"}},{"kind":"Argument","name":{"kind":"Name","value":"filter"},"value":{"kind":"ObjectValue","fields":[{"kind":"ObjectField","name":{"kind":"Name","value":"status"},"value":{"kind":"ListValue","values":[{"kind":"EnumValue","value":"ACTIVE"}]}}]}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"isOverdue"}},{"kind":"Field","name":{"kind":"Name","value":"total"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"remaining"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"nextInstallment"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"dueOn"}},{"kind":"Field","name":{"kind":"Name","value":"isOverdue"}},{"kind":"Field","name":{"kind":"Name","value":"remaining"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"payments"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"5"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"amount"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"methodSnapshot"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"brand"}},{"kind":"Field","name":{"kind":"Name","value":"last4"}}]}},{"kind":"Field","name":{"kind":"Name","value":"allocations"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"invoice"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"number"}},{"kind":"Field","name":{"kind":"Name","value":"status"}}]}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"pageInfo"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"hasNextPage"}},{"kind":"Field","name":{"kind":"Name","value":"endCursor"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"paymentMethods"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"50"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"brand"}},{"kind":"Field","name":{"kind":"Name","value":"last4"}},{"kind":"Field","name":{"kind":"Name","value":"expiresOn"}},{"kind":"Field","name":{"kind":"Name","value":"isDefault"}},{"kind":"Field","name":{"kind":"Name","value":"isExpired"}},{"kind":"Field","name":{"kind":"Name","value":"isInUse"}},{"kind":"Field","name":{"kind":"Name","value":"availableActions"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"action"}},{"kind":"Field","name":{"kind":"Name","value":"allowed"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}},{"kind":"Field","name":{"kind":"Name","value":"message"}}]}}]}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"Figures"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Customer"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"summary"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"balance"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"totalDue"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"totalOverdue"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"processing"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"payable"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"activeSubscriptions"}},{"kind":"Field","name":{"kind":"Name","value":"activeSchedules"}},{"kind":"Field","name":{"kind":"Name","value":"lastPayment"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"settledAt"}},{"kind":"Field","name":{"kind":"Name","value":"amount"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"methodSnapshot"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"brand"}},{"kind":"Field","name":{"kind":"Name","value":"last4"}}]}}]}},{"kind":"Field","name":{"kind":"Name","value":"nextPayment"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"date"}},{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"amount"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"source"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]}}]}}]} as unknown as DocumentNode<SummaryPageFragment, unknown>;
export const PaymentResultFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"PaymentResult"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Payment"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"version"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}},{"kind":"Field","name":{"kind":"Name","value":"settledAt"}},{"kind":"Field","name":{"kind":"Name","value":"declineCode"}},{"kind":"Field","name":{"kind":"Name","value":"retryable"}},{"kind":"Field","name":{"kind":"Name","value":"amount"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"amount"}},{"kind":"Field","name":{"kind":"Name","value":"currency"}}]}},{"kind":"Field","name":{"kind":"Name","value":"methodSnapshot"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"kind"}},{"kind":"Field","name":{"kind":"Name","value":"brand"}},{"kind":"Field","name":{"kind":"Name","value":"last4"}}]}}]}}]} as unknown as DocumentNode<PaymentResultFragment, unknown>;
export const AccountDocument = {"__meta__":{"hash":"sha256:89bca74a54e488e796637fce8c04f56785e5e0195f83973a2eeb3d6de100ef6b"}} as unknown as DocumentNode<AccountQuery, AccountQueryVariables>;
export const CreditNotesDocument = {"__meta__":{"hash":"sha256:58f26f5ac3adac90df0d50f6b74565a51151b2ab3541fdea875281f40cf5b87e"}} as unknown as DocumentNode<CreditNotesQuery, CreditNotesQueryVariables>;
export const DownloadsDocument = {"__meta__":{"hash":"sha256:b19665168f7e34093e596f3f9140fe91344ed076d59fab52d3e2ff63a8afafec"}} as unknown as DocumentNode<DownloadsQuery, DownloadsQueryVariables>;
export const GrantsDocument = {"__meta__":{"hash":"sha256:05f4de6088b18b70dbe75643092848554e7c15c1534d9a857d82d9b73991c213"}} as unknown as DocumentNode<GrantsQuery, GrantsQueryVariables>;
export const InvoiceDocument = {"__meta__":{"hash":"sha256:00805a52e192eb0c907b941bb911d2c429b2552d94680da02fbd73464ef524ca"}} as unknown as DocumentNode<InvoiceQuery, InvoiceQueryVariables>;
export const MyDataDocument = {"__meta__":{"hash":"sha256:7518fcc0b5091bdabc77134087d2a2fe597c7903967a37b5312ee91722249651"}} as unknown as DocumentNode<MyDataQuery, MyDataQueryVariables>;
export const PaymentScheduleDocument = {"__meta__":{"hash":"sha256:3838c0088d3b56ce54a27869df482aa125591745a00b3d72cb308d16e4bfbf00"}} as unknown as DocumentNode<PaymentScheduleQuery, PaymentScheduleQueryVariables>;
export const PaymentSchedulesDocument = {"__meta__":{"hash":"sha256:ab2c8c4de2a93f736d89da7dcef466956abea1908beaf82f2e22e327e5a3875f"}} as unknown as DocumentNode<PaymentSchedulesQuery, PaymentSchedulesQueryVariables>;
export const PaymentsDocument = {"__meta__":{"hash":"sha256:c351ce916074487813e369a87e5d3a4f52b2d0687fb70a75a1284c289ec68b50"}} as unknown as DocumentNode<PaymentsQuery, PaymentsQueryVariables>;
export const ProfileDocument = {"__meta__":{"hash":"sha256:04f61302f0720fc73b5076fbf5300b8e5c23cca614b8296c3e1a9b6d10d064c1"}} as unknown as DocumentNode<ProfileQuery, ProfileQueryVariables>;
export const SessionsDocument = {"__meta__":{"hash":"sha256:41750aa006cb3c6d83373e98d3da0355c08fc9bfd57b5803fd3a6d765efe2637"}} as unknown as DocumentNode<SessionsQuery, SessionsQueryVariables>;
export const StatementDocument = {"__meta__":{"hash":"sha256:3548152b40898c9860779d9ced3c83cbdac9a705e6eb3924f5dcdb09181ad094"}} as unknown as DocumentNode<StatementQuery, StatementQueryVariables>;
export const SubscriptionDocument = {"__meta__":{"hash":"sha256:cdcb83ea71ea5458cc6b70948dae17cb2a77677b8df29ea389e6f7ce13155e8d"}} as unknown as DocumentNode<SubscriptionQuery, SubscriptionQueryVariables>;
export const SubscriptionsDocument = {"__meta__":{"hash":"sha256:0afcd848c7b47d1e67b6a94e66bb4e21f2e3da9ebe88824e60beba5c938f2faf"}} as unknown as DocumentNode<SubscriptionsQuery, SubscriptionsQueryVariables>;
export const SummaryDocument = {"__meta__":{"hash":"sha256:dd5dd307d7ab04188b37a9f07157084011000c362b8be986000a34989c5fda9a"}} as unknown as DocumentNode<SummaryQuery, SummaryQueryVariables>;
export const CompleteAttachmentUploadsDocument = {"__meta__":{"hash":"sha256:f8307f8db528025210a3c4e02eb515224cf7ce16aba2697bead77ec4ebfafd11"}} as unknown as DocumentNode<CompleteAttachmentUploadsMutation, CompleteAttachmentUploadsMutationVariables>;
export const CreateAttachmentUploadsDocument = {"__meta__":{"hash":"sha256:fb586bfe37b21c6fff38e727fc22454100aa2832288fada638e283edc6dc2fac"}} as unknown as DocumentNode<CreateAttachmentUploadsMutation, CreateAttachmentUploadsMutationVariables>;
export const DeleteAttachmentDocument = {"__meta__":{"hash":"sha256:3f0995e21a73d6288c926a51babc5def0ba383a43b424e3896072be25c981a2a"}} as unknown as DocumentNode<DeleteAttachmentMutation, DeleteAttachmentMutationVariables>;
export const UploadAttachmentsDocument = {"__meta__":{"hash":"sha256:91ef208ee63d9b8fc6cc062070160b4fe3eb530ae0ad8c00e7b9074d956abb85"}} as unknown as DocumentNode<UploadAttachmentsMutation, UploadAttachmentsMutationVariables>;
export const ChangePasswordDocument = {"__meta__":{"hash":"sha256:ccd9114132332a427e340e4f25849229002a26ef2c38798c6787e80399452ffc"}} as unknown as DocumentNode<ChangePasswordMutation, ChangePasswordMutationVariables>;
export const ConfirmEmailChangeDocument = {"__meta__":{"hash":"sha256:82b1d4e059337d9bb6a95c1a8147e23f608ff737e20f0c5651f91a3864e6ce25"}} as unknown as DocumentNode<ConfirmEmailChangeMutation, ConfirmEmailChangeMutationVariables>;
export const EndSessionDocument = {"__meta__":{"hash":"sha256:83b40e7d9acb23adf78e7a8a3e14d50d9c2a26553f5079cf37a5cce993b0abc7"}} as unknown as DocumentNode<EndSessionMutation, EndSessionMutationVariables>;
export const RedeemPortalLinkDocument = {"__meta__":{"hash":"sha256:68379e0f36e271a71f22ad9f2a7d1d96affc2d383507c9cd128cf89a4e5b4903"}} as unknown as DocumentNode<RedeemPortalLinkMutation, RedeemPortalLinkMutationVariables>;
export const RefreshSessionDocument = {"__meta__":{"hash":"sha256:c6af036d9bf70259a0c5d76184d289ea3e090294d2fda72d60652c7f0bc26a29"}} as unknown as DocumentNode<RefreshSessionMutation, RefreshSessionMutationVariables>;
export const RequestEmailChangeDocument = {"__meta__":{"hash":"sha256:0f0106f112233fc757fe5b72e2d3e7d0ce8dc6c14b5190b4b769ab12c55e3cfc"}} as unknown as DocumentNode<RequestEmailChangeMutation, RequestEmailChangeMutationVariables>;
export const RequestMyDataDocument = {"__meta__":{"hash":"sha256:21aafbfa0c623db052dc53cc0eef02320443bdca5df4c1a7b667af68de08bb0e"}} as unknown as DocumentNode<RequestMyDataMutation, RequestMyDataMutationVariables>;
export const RequestPasswordResetDocument = {"__meta__":{"hash":"sha256:be98bf709da2cb39f009d311a4d8e8c80c76710779371e40bcb9c8f11d8acf12"}} as unknown as DocumentNode<RequestPasswordResetMutation, RequestPasswordResetMutationVariables>;
export const ResetPasswordDocument = {"__meta__":{"hash":"sha256:6c3f639d8e962ffa126caa36b1226ed9fc9668318c79afe83fdebeff2c0a7b01"}} as unknown as DocumentNode<ResetPasswordMutation, ResetPasswordMutationVariables>;
export const SignInDocument = {"__meta__":{"hash":"sha256:25ad171369303c455f522d7fdb918bca0e2a4b9e33e3ee04983bc0479f8036ac"}} as unknown as DocumentNode<SignInMutation, SignInMutationVariables>;
export const SignOutDocument = {"__meta__":{"hash":"sha256:b69e2f0a983cd135673dfd919466b618996606ef746273494fe9062b0549bd7e"}} as unknown as DocumentNode<SignOutMutation, SignOutMutationVariables>;
export const SignOutEverywhereDocument = {"__meta__":{"hash":"sha256:110a7f70e894a7a84f27c9718085508e29d661c81e03d37091be681254c014bd"}} as unknown as DocumentNode<SignOutEverywhereMutation, SignOutEverywhereMutationVariables>;
export const UpdateProfileDocument = {"__meta__":{"hash":"sha256:bf8b0328160d547e2bdf4e17b9c1b6f70dd5cab409b4cd7bcd116256cb0fa94e"}} as unknown as DocumentNode<UpdateProfileMutation, UpdateProfileMutationVariables>;
export const GrantAccessDocument = {"__meta__":{"hash":"sha256:83bf42e6b15ca2e51f3b5627dd400fcbb37517ed7dd766c61157216aa1fe4f7d"}} as unknown as DocumentNode<GrantAccessMutation, GrantAccessMutationVariables>;
export const RevokeGrantDocument = {"__meta__":{"hash":"sha256:d7054e0c62f8fd0ff7ba26c945670396de1b57cb6d0eafb391da19eeabdc23b4"}} as unknown as DocumentNode<RevokeGrantMutation, RevokeGrantMutationVariables>;
export const CompleteAddPaymentMethodDocument = {"__meta__":{"hash":"sha256:51bf5d6aa482d4605daf5631b1f3b28e8fd0d9cde20d2adbeb2975a3ddf013eb"}} as unknown as DocumentNode<CompleteAddPaymentMethodMutation, CompleteAddPaymentMethodMutationVariables>;
export const ConfirmPaymentDocument = {"__meta__":{"hash":"sha256:118d1329e65a4a02260a1d2b1dd257bf333d7ce98ed66436b41afe9bf7eb355d"}} as unknown as DocumentNode<ConfirmPaymentMutation, ConfirmPaymentMutationVariables>;
export const CreateCalendarLinkDocument = {"__meta__":{"hash":"sha256:8ac211fd13763ea81a6c6625bed1f64072fbe8d73fdfc2d446fd57b635032a93"}} as unknown as DocumentNode<CreateCalendarLinkMutation, CreateCalendarLinkMutationVariables>;
export const DeletePaymentMethodDocument = {"__meta__":{"hash":"sha256:b2824e6b4791f835abd707e445f2948bcc28206f00f1b6479e0484624e76946e"}} as unknown as DocumentNode<DeletePaymentMethodMutation, DeletePaymentMethodMutationVariables>;
export const OperationDocument = {"__meta__":{"hash":"sha256:aa5d920fcc76aed70d45fd46bb4f12bfc7934f9ea23ae8884aaec75fed37b6d7"}} as unknown as DocumentNode<OperationQuery, OperationQueryVariables>;
export const PayAllDueDocument = {"__meta__":{"hash":"sha256:c9d4f74b87ba4da3bab8528669f819d04595b0dd273210fb97356bf9bed51818"}} as unknown as DocumentNode<PayAllDueMutation, PayAllDueMutationVariables>;
export const PayInstallmentDocument = {"__meta__":{"hash":"sha256:122cfa3d61dc4588c420d6d5bf5daa74e5268cd0029c0469bfde18b7fc0f6299"}} as unknown as DocumentNode<PayInstallmentMutation, PayInstallmentMutationVariables>;
export const PayInvoiceDocument = {"__meta__":{"hash":"sha256:45fca23dc4011d72fb9e09cb416e5eadae46b909ffcf1fd6bd3650b5fe7c0661"}} as unknown as DocumentNode<PayInvoiceMutation, PayInvoiceMutationVariables>;
export const PaymentMethodsDocument = {"__meta__":{"hash":"sha256:20f7b474a1d3bafdb819ac282f61b0186c29129e71d1330d7769eed64cfcb05a"}} as unknown as DocumentNode<PaymentMethodsQuery, PaymentMethodsQueryVariables>;
export const RevokeCalendarLinkDocument = {"__meta__":{"hash":"sha256:58ae3c22f65e0a7e0554514afbd8d77da2a9e9553f158df7f79bf1a8c15df808"}} as unknown as DocumentNode<RevokeCalendarLinkMutation, RevokeCalendarLinkMutationVariables>;
export const SetDefaultPaymentMethodDocument = {"__meta__":{"hash":"sha256:b84c8e45f7daed653cc02959d236134267b90e35aef997c47aae71353a5747af"}} as unknown as DocumentNode<SetDefaultPaymentMethodMutation, SetDefaultPaymentMethodMutationVariables>;
export const StartAddPaymentMethodDocument = {"__meta__":{"hash":"sha256:ffee947df1de39bf58fdf0b855282190fb37ddd62ceed53a358448618cbae1a7"}} as unknown as DocumentNode<StartAddPaymentMethodMutation, StartAddPaymentMethodMutationVariables>;
export const PreviewAddPlanDocument = {"__meta__":{"hash":"sha256:379132646c0a0a9196e06e47bc3bf7e7fadc50d27ae519f4a7fb0660656b036d"}} as unknown as DocumentNode<PreviewAddPlanQuery, PreviewAddPlanQueryVariables>;
export const PreviewApplyCouponDocument = {"__meta__":{"hash":"sha256:ced47170acb5f25409484cc8e80567293042ff0184e64fd6a455dab126fac44c"}} as unknown as DocumentNode<PreviewApplyCouponQuery, PreviewApplyCouponQueryVariables>;
export const PreviewCancelSubscriptionDocument = {"__meta__":{"hash":"sha256:c990e173bda13917774a4ead7a6e1776fe751db319d2794df583e8d9b04ad1ec"}} as unknown as DocumentNode<PreviewCancelSubscriptionQuery, PreviewCancelSubscriptionQueryVariables>;
export const PreviewChangePlanDocument = {"__meta__":{"hash":"sha256:80228d930491b1339692b57d5981e0ddc954189819f5c25c3786749ea4ecf212"}} as unknown as DocumentNode<PreviewChangePlanQuery, PreviewChangePlanQueryVariables>;
export const PreviewPauseSubscriptionDocument = {"__meta__":{"hash":"sha256:f460b51934faffe9739aae34d2ed430a8e29d25e0af68e07c27182c971c97503"}} as unknown as DocumentNode<PreviewPauseSubscriptionQuery, PreviewPauseSubscriptionQueryVariables>;
export const PreviewRemoveCouponDocument = {"__meta__":{"hash":"sha256:1550e3bfda5faf8b826d17f5494db91b746b1261eee27e5daee126f88b5afddc"}} as unknown as DocumentNode<PreviewRemoveCouponQuery, PreviewRemoveCouponQueryVariables>;
export const PreviewResumeSubscriptionDocument = {"__meta__":{"hash":"sha256:f9c30449f3d8344196016584da15f09b2c232f3e055c4fac9faa4ee2c085ec5f"}} as unknown as DocumentNode<PreviewResumeSubscriptionQuery, PreviewResumeSubscriptionQueryVariables>;
export const PreviewSuspendSubscriptionDocument = {"__meta__":{"hash":"sha256:71df2319a29b6b3b7f05913223c1cb44f2a2f93a9d9f8694951d7b0f304179f0"}} as unknown as DocumentNode<PreviewSuspendSubscriptionQuery, PreviewSuspendSubscriptionQueryVariables>;
export const PreviewUpdateQuantityDocument = {"__meta__":{"hash":"sha256:4d87cdf04b1b86406270348326ea26bcdbb50d0ccc31052898c925410a141697"}} as unknown as DocumentNode<PreviewUpdateQuantityQuery, PreviewUpdateQuantityQueryVariables>;
export const PreviewWithdrawPendingChangeDocument = {"__meta__":{"hash":"sha256:02b564504ae5c4c67766f3305962a6a5bdd81c955559c18d965787108e898680"}} as unknown as DocumentNode<PreviewWithdrawPendingChangeQuery, PreviewWithdrawPendingChangeQueryVariables>;
export const AddPlanDocument = {"__meta__":{"hash":"sha256:395be306b829df7620706e3774630047dd0bad33e5d7b91b036d1d08614cf87d"}} as unknown as DocumentNode<AddPlanMutation, AddPlanMutationVariables>;
export const ApplyCouponDocument = {"__meta__":{"hash":"sha256:5695ecf90a0c6cadc15c90544ef88f0a52345df41f98c311f34c0dd4b8623bb4"}} as unknown as DocumentNode<ApplyCouponMutation, ApplyCouponMutationVariables>;
export const CancelSubscriptionDocument = {"__meta__":{"hash":"sha256:b49b101f0639ec4ec5ff4f81065cdcb716a8868cf251b89df8ba197e6ddbd0b5"}} as unknown as DocumentNode<CancelSubscriptionMutation, CancelSubscriptionMutationVariables>;
export const ChangePlanDocument = {"__meta__":{"hash":"sha256:ec402e92729363b6060d8cbde449c993802180483ff7471d6d2c01347899dce3"}} as unknown as DocumentNode<ChangePlanMutation, ChangePlanMutationVariables>;
export const PauseSubscriptionDocument = {"__meta__":{"hash":"sha256:7c00e873ac853ae252623e75c3d06a451ed0f8ad0b18fa2d416d6ac3c31d8b18"}} as unknown as DocumentNode<PauseSubscriptionMutation, PauseSubscriptionMutationVariables>;
export const RemoveCouponDocument = {"__meta__":{"hash":"sha256:5ae81d48872343f9baaeb9b1c3776d3e8db6b019eb0e0058fbb9857b76749fcd"}} as unknown as DocumentNode<RemoveCouponMutation, RemoveCouponMutationVariables>;
export const ResumeSubscriptionDocument = {"__meta__":{"hash":"sha256:38227909ab24fb59b5e8d887939b59dfa13a6e15666d31664e0102ad69afbc3b"}} as unknown as DocumentNode<ResumeSubscriptionMutation, ResumeSubscriptionMutationVariables>;
export const SuspendSubscriptionDocument = {"__meta__":{"hash":"sha256:605d982cb4dcfb71b2c0f1dd61ddedf78a9c4e06cdab23be7e6e945fbd953fd6"}} as unknown as DocumentNode<SuspendSubscriptionMutation, SuspendSubscriptionMutationVariables>;
export const UpdateQuantityDocument = {"__meta__":{"hash":"sha256:ccc764d9d5cb17ecfef289f2ff07e102c105ca593a022ff0dafb6555ab66b654"}} as unknown as DocumentNode<UpdateQuantityMutation, UpdateQuantityMutationVariables>;
export const WithdrawPendingChangeDocument = {"__meta__":{"hash":"sha256:12ef8f8dd843f9fefc138a3ca9ef9c5219aef956f1b96a1e6c4d91fdf7369987"}} as unknown as DocumentNode<WithdrawPendingChangeMutation, WithdrawPendingChangeMutationVariables>;
export const FollowDocument = {"__meta__":{"hash":"sha256:80c891d56dd0140ced007d8db8309e8c6c7b5da4364a976a089ab834536cd3c4"}} as unknown as DocumentNode<FollowSubscription, FollowSubscriptionVariables>;