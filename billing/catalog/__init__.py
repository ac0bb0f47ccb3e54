"""The merchant's catalog: what is sold, as plain values, and the changes that lead from one catalog to another.

items.py      plans, prices, coupons and cancellation options by their codes
amounts.py    amounts and percentages as decimal text
checks.py     what an item must be
planning.py   the one function that decides the changes, for mutations and files alike
"""
