"""External ids in a distributed database, in which no index keeps them unique among all customers."""

from billing.merchant.names import ExternalIdKind, external_id_taken
from db.unit_of_work import Transaction


async def refuse_taken(transaction: Transaction, kind: ExternalIdKind, external_id: str | None, field: str = "externalId") -> None:
    """Raise Refused where another object has the external id that staff give a new one. On a single node an index says so when the row is written."""
    if external_id is None or not transaction.is_distributed:
        return
    owner = transaction.caller.customer_id
    await transaction.act_for(None)  # the other object may be of any customer
    taken = await transaction.run("external_ids.owner", kind=kind.value, external_id=external_id)
    await transaction.act_for(owner)
    if taken:
        raise external_id_taken(field)
