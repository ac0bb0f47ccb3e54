"""What happens later: the billing clock, collections, charges whose outcome nobody saw, the sweep of attachments. What is due stands in the rows, so a pass may die and be repeated."""
