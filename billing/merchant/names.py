"""The merchant's own ids and metadata of objects: what may be stored, and what becomes of the values before."""

from collections.abc import Mapping

from billing.refusals import ErrorCode, Refused

MAX_EXTERNAL_ID = 200
MAX_PAIRS, MAX_KEY, MAX_VALUE = 50, 40, 500


def checked_external_id(text: str | None, current: str | None = None) -> str | None:
    """Return the external id that an object has from now on. `current` is the one before: it stays once it is set, and a null or the same text leaves it. Raises Refused."""
    if text is None or text == current:
        if text is None and current is not None:
            raise _final()
        return current
    if not 1 <= len(text) <= MAX_EXTERNAL_ID or not text.isprintable():
        raise Refused(ErrorCode.INVALID_VALUE, f"An external id has 1 to {MAX_EXTERNAL_ID} printable characters.", "externalId")
    if current is not None:
        raise _final()
    return text


def external_id_taken(field: str = "externalId") -> Refused:
    """Return the refusal of an external id that another object of the kind has."""
    return Refused(ErrorCode.EXTERNAL_ID_TAKEN, "Another object of this kind has this external id.", field)


def merged_metadata(current: Mapping[str, str], changes: Mapping[str, str | None] | None) -> dict[str, str]:
    """Return the metadata after a change: pairs that are not named stay, and a null removes a pair; a null instead of the pairs removes all. Raises Refused."""
    if changes is None:
        return {}
    for key, value in changes.items():
        if not 1 <= len(key) <= MAX_KEY or not key.isprintable():
            raise Refused(ErrorCode.INVALID_VALUE, f"A key of metadata has 1 to {MAX_KEY} printable characters.", "metadata")
        if value is not None and len(value) > MAX_VALUE:
            raise Refused(ErrorCode.INVALID_VALUE, f"A value of metadata has at most {MAX_VALUE} characters.", "metadata")
    merged = {key: value for key, value in {**current, **changes}.items() if value is not None}
    if len(merged) > MAX_PAIRS:
        raise Refused(ErrorCode.INVALID_VALUE, f"An object has at most {MAX_PAIRS} pairs of metadata.", "metadata")
    return merged


def _final() -> Refused:
    return Refused(ErrorCode.EXTERNAL_ID_FINAL, "The object has an external id already, and an external id never changes.", "externalId")
