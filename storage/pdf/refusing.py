"""The refusal of a PDF that takes too much work, shared by the server and its workers."""

from billing.refusals import ErrorCode, Refused

TOO_COMPLEX = "The PDF takes too much work to check. Print it into a new PDF, or split it, and attach that."


def too_complex() -> Refused:
    return Refused(ErrorCode.TOO_COMPLEX, TOO_COMPLEX)
