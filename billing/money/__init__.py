"""Rules of money: amounts, allocation, charges, refunds, dunning, numbers."""
