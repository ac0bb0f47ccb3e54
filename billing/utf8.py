"""The texts that Postgres can store. Arguments, cursors, manifests and claims of tokens are checked by this one rule."""


def is_storable(text: str) -> bool:
    """Return whether the text is UTF-8 without NUL. JSON can contain both NUL and half of a surrogate pair, and Postgres' `text` accepts neither."""
    if "\0" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
