"""Bringing existing customers in: the format of the files, their validation, the plan, and the writing of it."""
