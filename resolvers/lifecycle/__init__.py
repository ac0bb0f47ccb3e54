"""Subscription actions: from a call with an idempotency key to rows, one transaction at a time, and a charge in between where money is due.

reading.py     the facts that the rules of `billing/lifecycle` decide on
writing.py     a decision as rows, and saving.py writes them
charging.py    a decision that waits for money: begin, ask the processor, settle
catching_up.py what time did meanwhile, one step a transaction
actions.py     the mutations                previews.py   the same decisions, not written
"""
