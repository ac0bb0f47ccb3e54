"""The enums of the catalog with their descriptions, and the orders of its pages."""

from enum import StrEnum

from billing.catalog.items import Existing as Existing
from schema.declarations.enums import described


class CatalogOrder(StrEnum):
    CODE = "code"


class CancellationOptionOrder(StrEnum):
    RANK = "rank"


described(CatalogOrder, "How items of the catalog are ordered.", CODE="By code.")
described(CancellationOptionOrder, "How cancellation options are ordered.", RANK="By rank: as they are offered.")
described(
    Existing,
    "What becomes of subscriptions to earlier versions of a price.",
    KEEP="They keep the version that they have.",
    AT_RENEWAL="They move to the present version when their next period begins. Each gets a pending change, and its customer a letter. Those in another currency stay.",
)
