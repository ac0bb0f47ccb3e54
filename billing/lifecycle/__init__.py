"""The life of a subscription, as pure rules: facts in, a decision out. Nothing here reads a clock, a database or a setting.

facts.py    what is known, and what a decision says        guards.py   the table of `billing/lifecycle/actions.py`, obeyed
bills.py    what a period or the rest of one costs         pending.py  a change that is to come
stops.py    pause, suspend, hold, cancel                   resume.py   undoing them
change.py   plan, price, quantity                          start.py    a new subscription
coupon.py   coupons                                        periods.py  a new period
clock.py    what time alone does                          trials.py   who gets a free trial
"""
