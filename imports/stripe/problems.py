"""Why an account cannot be read, in one line for the operator. No message has the key."""


class CannotRead(Exception):
    """The account cannot be read. What was read before stays, and the next run goes on from there."""


class ObjectMissing(CannotRead):
    """Stripe has no such object: the one that a cursor names was deleted meanwhile, or the customer whose methods are read."""
