"""How much capacity a number of customers needs: a model, checked against measurements and by a simulation."""
