"""The settings about tokens and the secrets of the portal."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings

from gateway.wiring.configuration.setting_values import Issuers, LongSecret, UnguessableSecret


class KeySettings(BaseSettings):
    """A part of Settings, which has the rest and the prefix of the variables."""

    token_issuer: str = Field("portico", description="The `iss` of tokens.")
    token_audience: str = Field("portico", description="The `aud` of tokens.")
    signing_keys_dir: Path | None = Field(
        None, examples=["/etc/portico/keys"], description="A folder of private keys (PEM). The newest by name signs tokens, all of them verify."
    )
    token_secret: LongSecret = Field(
        None,
        repr=False,
        description="HS256 secret of tokens, of 32 characters or more; production ignores it. Left out, one is made in the data directory.",
    )
    secret: UnguessableSecret = Field(
        None,
        repr=False,
        description="Signs previews and device values, and seals letters; the same for all servers and workers of a portal. Needed in production; elsewhere made in the data directory.",
    )
    previous_secret: UnguessableSecret = Field(
        None, repr=False, description="The secret of before, which still reads what it has signed and sealed; see docs/rotation.md."
    )
    next_secret: UnguessableSecret = Field(
        None, repr=False, description="The secret that comes next, which reads what other processes sign and seal with it already; see docs/rotation.md."
    )
    issuers: Issuers = Field((), description="Other issuers whose tokens are accepted, as JSON; see docs/identity.md.")

    @property
    def read_only_secrets(self) -> tuple[str, ...]:
        """Return the secrets that open and verify, and neither seal nor sign."""
        return tuple(secret for secret in (self.previous_secret, self.next_secret) if secret)
