"""How long a request with files may take: judged by what the client is waited for, so that a slow bucket is never a client's fault, nor the reverse."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """`seconds` is how long a client is waited for, however little it sends; at `bytes_per_second` or more, on average, it may take longer."""

    seconds: float
    bytes_per_second: int

    def waiting(self, received: int) -> float:
        """How many seconds in all a client that has sent so many bytes is waited for."""
        return max(self.seconds, received / self.bytes_per_second)

    def longest(self, most: int) -> float:
        """How many seconds a request of at most so many bytes can take, whatever is waited for."""
        return self.seconds + most / self.bytes_per_second
