"""What one operation carries through its resolvers."""

from dataclasses import dataclass, field
from typing import Any

from strawberry.types import Info as StrawberryInfo

from auth.viewer import Viewer
from db.session import Session
from loaders import Loaders


@dataclass(slots=True)
class Context:
    """The caller, the unit of work, and its loaders."""

    viewer: Viewer
    session: Session
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        self.loaders = Loaders(self.session)


Info = StrawberryInfo[Context, Any]
