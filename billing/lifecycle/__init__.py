"""The lifecycle of a subscription, as pure rules: facts in, a decision out. The rules read no clock, no database and no settings.

facts.py    input and output of the rules                  guards.py   checks by the table of `billing/lifecycle/actions.py`
bills.py    the price of a period or the rest of one       pending.py  scheduled changes
stops.py    pause, suspend, hold, cancel                   resume.py   undoing them
change.py   plan, price, quantity                          start.py    a new subscription
coupon.py   coupons                                        periods.py  a new period
clock.py    changes that are due by time                   trials.py   entitlement to a free trial
"""
