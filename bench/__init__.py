"""The benchmark: the speed of Portico, and of other servers with the same page and the same database. Not part of the program: no module of it imports this."""
