""".env.example: every setting with its meaning and default, generated from the declarations in `gateway/wiring/configuration/settings.py`."""

import sys
from textwrap import wrap

from pydantic.fields import FieldInfo

from gateway.wiring.configuration.environment import PREFIX, as_variable, example
from gateway.wiring.configuration.secret_settings import SECRETS
from gateway.wiring.configuration.setting_values import choices
from gateway.wiring.configuration.settings import Settings

WIDTH = 118
# The heading above a setting and those that follow it.
SECTIONS = {
    "environment": "The process",
    "database_url": "The database",
    "token_issuer": "Tokens and secrets",
    "public_url": "URLs, proxies and what callers may use",
    "document_mode": "Documents",
    "merchant": "The merchant",
    "mail_from": "Mail",
    "stripe_secret_key": "Payments and the billing clock",
    "s3_bucket": "Files",
    "throttle_url": "Throttling",
    "operation_seconds": "Concurrency and time limits",
    "max_body_bytes": "Limits of one request",
    "upload_seconds": "Uploads and downloads",
    "metrics_port": "Health, metrics and traces",
    "papers_at_once": "Invoices, receipts and statements as PDF",
}
HEAD = """# Every setting of Portico, printed by `./portico settings`. Settings are environment variables: Portico itself reads
# no file. Copy this one, remove the # before what you change, and name it as `EnvironmentFile=` of systemd or with
# `--env-file` of a container; in a shell, put values with spaces or quotes in single quotes. A list is as_variable with
# commas, or as JSON. Words may be as_variable in any case. An unknown PORTICO_… name stops the start.
"""


def print_settings() -> None:
    """Print every setting with its meaning and default, as it stands in .env.example."""
    sys.stdout.write(text())


def text() -> str:
    return HEAD + "".join(_entry(name, Settings.model_fields[name]) for name in _ordered())


def _ordered() -> list[str]:
    """Return the names of the settings, by section in the order of SECTIONS."""
    sections: dict[str, list[str]] = {name: [] for name in SECTIONS}
    section = ""
    for name in Settings.model_fields:
        section = name if name in sections else section
        sections[section].append(name)
    return [name for names in sections.values() for name in names]


def _entry(name: str, setting: FieldInfo) -> str:
    heading = f"\n\n# --- {SECTIONS[name]} ---\n" if name in SECTIONS else ""
    words = [f"One of {', '.join(choices(setting))}."] if choices(setting) else []
    meaning = " ".join([setting.description or "", *words, _default(setting)])
    return f"{heading}\n{_comment(meaning)}#{PREFIX}{name.upper()}={_value(name, setting)}\n"


def _default(setting: FieldInfo) -> str:
    return "No default." if setting.default in (None, "", ()) else f"Default: {as_variable(setting.default)}"


def _value(name: str, setting: FieldInfo) -> str:
    """Return the default, or an example. Generated secrets have none, so that no example is copied."""
    is_secret = name in SECRETS and not setting.examples
    return "" if is_secret else example(name, setting)


def _comment(sentence: str) -> str:
    return "".join(f"# {line}\n" for line in wrap(sentence, WIDTH, break_long_words=False, break_on_hyphens=False))
