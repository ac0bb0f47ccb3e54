"""The mutations of payment schedules, for staff."""

import strawberry

from auth import permissions
from resolvers.schedules import changing, creating
from schema.payloads import schedules
from schema.payloads.operations import idempotent_mutation


@strawberry.type(description="Payment schedules.")
class ScheduleMutations:
    create_payment_schedule = idempotent_mutation(
        creating.create,
        name="createPaymentSchedule",
        input_type=schedules.CreatePaymentScheduleInput,
        payload_type=schedules.CreatePaymentSchedulePayload,
        permission=permissions.SCHEDULES,
        description="For staff: agree on an amount in installments, and issue the invoices whose day has come, which the customer's credit pays first. NOT_FOUND, "
        "INVALID_VALUE, EXTERNAL_ID_TAKEN and CURRENCY_MISMATCH with the path of the entry; then nothing is written.",
    )
    update_installments = idempotent_mutation(
        changing.update,
        name="updateInstallments",
        input_type=schedules.UpdateInstallmentsInput,
        payload_type=schedules.UpdateInstallmentsPayload,
        permission=permissions.SCHEDULES,
        description="For staff: change, add and remove installments of which nothing is paid; the sum may change. Their open invoices are voided and issued anew, or credited "
        "where a part is paid. ALREADY_PAID, WRONG_STATE, IN_PROGRESS while a payment of an installment is in flight, VERSION_CONFLICT.",
    )
    cancel_payment_schedule = idempotent_mutation(
        changing.cancel,
        name="cancelPaymentSchedule",
        input_type=schedules.CancelPaymentScheduleInput,
        payload_type=schedules.CancelPaymentSchedulePayload,
        permission=permissions.SCHEDULES,
        description="For staff: cancel what is unpaid. What is paid stays; open invoices of the rest are voided, or credited where a part is paid. If a bank takes back a "
        "payment of a canceled schedule, what is owed again is canceled by another call. ALREADY_PAID, WRONG_STATE, IN_PROGRESS while a payment of an installment is in flight.",
    )
