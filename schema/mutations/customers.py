"""The mutations with which staff and the merchant's programs keep customers."""

import strawberry

from auth import permissions
from resolvers.customers import closing, erasing, inviting, releasing, saving
from resolvers.exports import requesting
from schema.declarations.payloads import mutation
from schema.payloads import customers
from schema.payloads.imports import releasing as imports
from schema.payloads.operations import idempotent_mutation


@strawberry.type(description="Customers.")
class CustomerMutations:
    save_customer = mutation(
        saving.save_customer,
        name="saveCustomer",
        input_type=customers.SaveCustomerInput,
        payload_type=customers.SaveCustomerPayload,
        payload_field=("customer", "outcome"),
        permission=permissions.CUSTOMERS,
        description="For staff: create a customer or change one. The same call twice is UNCHANGED and writes nothing. What was issued before is never changed by it. "
        "INVALID_VALUE, NOT_FOUND, DUPLICATE_EMAIL, EXTERNAL_ID_TAKEN, EXTERNAL_ID_FINAL, CURRENCY_IN_USE, IDEMPOTENCY_CONFLICT, IN_PROGRESS.",
    )
    invite_customer = idempotent_mutation(
        inviting.invite,
        name="inviteCustomer",
        input_type=customers.InviteCustomerInput,
        payload_type=customers.InviteCustomerPayload,
        permission=permissions.CUSTOMERS,
        description="For staff: send a letter with a link to choose the first password, valid for 7 days. An earlier invitation becomes void. No other call sends this letter. "
        "NOT_FOUND, WRONG_STATE: the customer has a password. CUSTOMER_CLOSED, EMAIL_SHARED, DUPLICATE_EMAIL, MAIL_NOT_CONFIGURED, VERSION_CONFLICT.",
    )
    close_customer = idempotent_mutation(
        closing.close,
        name="closeCustomer",
        input_type=customers.CloseCustomerInput,
        payload_type=customers.CloseCustomerPayload,
        permission=permissions.CUSTOMERS,
        description="For staff: close a customer. Nobody signs in, sessions and grants end, links become void, and subscriptions end with their period instead of renewing. "
        "What is owed stays owed. The e-mail address stays with the customer. NOT_FOUND, VERSION_CONFLICT.",
    )
    reopen_customer = idempotent_mutation(
        closing.reopen,
        name="reopenCustomer",
        input_type=customers.CloseCustomerInput,
        payload_type=customers.ReopenCustomerPayload,
        permission=permissions.CUSTOMERS,
        description="For staff: let a closed customer sign in again, with the password of before. What closing has ended stays ended. NOT_FOUND, VERSION_CONFLICT.",
    )
    export_customer = idempotent_mutation(
        requesting.request_of_staff,
        name="exportCustomer",
        input_type=customers.ExportCustomerInput,
        payload_type=customers.ExportCustomerPayload,
        permission=permissions.CUSTOMERS_READ,
        description="For staff: request everything that is stored about a customer as one ZIP, which the worker makes. `Customer.dataExport` says when it can be downloaded. "
        "While one is under way, and for an hour after a request, the answer is the same export. NOT_FOUND, CUSTOMER_ERASED.",
    )
    request_my_data = idempotent_mutation(
        requesting.request_of_customer,
        name="requestMyData",
        input_type=customers.RequestMyDataInput,
        payload_type=customers.RequestMyDataPayload,
        permission=permissions.MY_DATA,
        description="Request everything that is stored about the caller as one ZIP, which the worker makes. A letter says when it can be downloaded at `Customer.dataExport`, for 7 days. "
        "While one is under way, and for a day after a request, the answer is the same export. SIGN_IN_REQUIRED: in a session that began with a portal link.",
    )
    erase_customer = idempotent_mutation(
        erasing.erase,
        name="eraseCustomer",
        input_type=customers.EraseCustomerInput,
        payload_type=customers.EraseCustomerPayload,
        permission=permissions.ERASE,
        description="For staff: erase the personal data of a customer for good: profile, credentials, sessions, links, payment methods, attachments, exports and letters. "
        "Issued invoices, credit notes and payments stay with what they printed, as the law asks. NOT_FOUND, VERSION_CONFLICT, CUSTOMER_ERASED. "
        "MONEY_IN_FLIGHT, SUBSCRIPTION_RUNNING, AMOUNT_OWED, BALANCE_NOT_ZERO: something is owed or runs.",
    )
    release_imported = idempotent_mutation(
        releasing.release_imported,
        name="releaseImported",
        input_type=imports.ReleaseImportedInput,
        payload_type=imports.ReleaseImportedPayload,
        permission=permissions.IMPORT,
        description="For staff: release the imported subscriptions of a customer, and the collection of imported invoices and installments. From then on they renew and are billed "
        "here, from the end of their running period on. What cannot be released stays held, with the reason in `unreleased`. NOT_FOUND, CUSTOMER_CLOSED.",
    )
