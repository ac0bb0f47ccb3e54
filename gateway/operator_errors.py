"""Errors that an operator can correct. This module imports nothing, so that the command line can use it before it imports anything else."""


class OperatorError(Exception):
    """A command cannot be executed. The message says what to change, one line per problem, without the value of any setting."""
