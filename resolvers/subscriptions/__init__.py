"""Subscription actions: from a call with an idempotency key to rows, one transaction at a time, with a charge in between where money is due.

decisions.py         which rule of `billing/lifecycle` decides an action
advance.py           the changes that are due by time, one step per transaction
actions.py           the mutations and their previews
idempotent_call.py   one call with an idempotency key
"""
