"""The error message of a failed command, and the log until the settings are loaded, both without the secrets of the settings."""

import os
import sys
import traceback

from db.outages import DatabaseUnavailable
from gateway.http import log_format
from gateway.operator_errors import OperatorError
from gateway.wiring.configuration.secret_settings import secrets_of


def set_up_log() -> None:
    """Warnings and errors go to standard error until the command configures the log by its settings."""
    log_format.hide(secrets_of(os.environ))
    log_format.configure(as_json=False, level="WARNING", stream=sys.stderr)


def report(error: Exception) -> None:
    """Print one line for an error that an operator can correct, and the traceback of a bug."""
    from gateway.cli.commands.console import say_error  # rich takes long to import

    log_format.hide(secrets_of(os.environ))
    if isinstance(error, OperatorError):
        say_error(str(error))
    elif isinstance(error, DatabaseUnavailable):
        say_error(f"The database became unavailable: {error.cause}. Try again.")
    else:
        sys.stderr.write(log_format.hidden("".join(traceback.format_exception(error))))
