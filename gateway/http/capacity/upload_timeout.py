"""The time limits of a request with files. Only the time spent waiting for the client counts against it, not the time of the bucket."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UploadTimeout:
    """A client has `seconds` in any case; at an average of `bytes_per_second` or more it may take longer."""

    seconds: float
    bytes_per_second: int

    def seconds_for(self, received: int) -> float:
        """Return how many seconds in all a client that has sent so many bytes is waited for."""
        return max(self.seconds, received / self.bytes_per_second)

    def maximum_seconds(self, max_bytes: int) -> float:
        """Return how many seconds a request of at most so many bytes may take, including all waiting."""
        return self.seconds + max_bytes / self.bytes_per_second
