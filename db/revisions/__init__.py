"""Revisions: what identifies the state that an answer to a customer depends on, so that an answer is known to be the same without being computed again.

Each transaction that changes rows of a customer gives the customer a new revision, and each change of the catalog gives the catalog one (migration 0050). A block whose rows
change with a revision names it in its header (`revised by`). Time changes answers too: at the beginning of the customer's day, and at the instants that are named here.
"""
