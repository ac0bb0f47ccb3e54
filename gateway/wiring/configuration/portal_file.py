"""The file of PORTICO_PORTAL_FILE: what the merchant says about the portal beside the settings; docs/portal.md has an example."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from gateway.wiring.configuration.setting_values import ORIGIN

Language = Literal["en", "de", "fr", "es", "ar"]
Origin = Annotated[str, StringConstraints(pattern=f"^(?:{ORIGIN.pattern})$")]
HiddenAction = Literal[
    "ADD_PLAN", "APPLY_COUPON", "CANCEL", "CHANGE_PLAN", "DELETE_METHOD", "PAUSE", "REMOVE_COUPON", "RESUME", "SUSPEND", "UPDATE_QUANTITY", "UPLOAD_ATTACHMENTS"
]  # fmt: skip


class FooterLink(BaseModel):
    """A link in the foot of every page."""

    model_config = ConfigDict(extra="forbid")

    label: str = Field(min_length=1, max_length=60)
    url: str = Field(pattern=r"^(https?://|mailto:)\S+$")


class PortalFile(BaseModel):
    """Every value may be left out."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel)

    radius: int | None = Field(default=None, ge=0, le=24)
    links: list[FooterLink] | None = Field(default=None, max_length=8)
    languages: list[Language] | None = Field(default=None, min_length=1)
    hidden_actions: list[HiddenAction] | None = None
    return_origins: list[Origin] | None = None


def read_portal_file(path: Path) -> PortalFile:
    """Return the values of a file. Raises ValueError, whose message names the value that is wrong."""
    try:
        return PortalFile.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ValueError(f"{place}: {first['msg']}") from None
