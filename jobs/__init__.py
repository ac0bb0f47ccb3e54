"""What happens later: the billing clock, collections, charges whose outcome nobody saw. What is due stands in the rows themselves, so a pass may die and be repeated."""
