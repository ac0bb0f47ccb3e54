"""What every response 429 says."""

import httpx


def assert_throttled(response: httpx.Response, *, seconds: int = 60) -> None:
    """Check that the response says when to try again, at most after so many seconds: as a header, and as an extension of its error."""
    assert response.status_code == 429
    (error,) = response.json()["errors"]
    assert error["extensions"] == {"code": "THROTTLED", "retryAfterSeconds": int(response.headers["retry-after"])}
    assert 1 <= int(response.headers["retry-after"]) <= seconds
