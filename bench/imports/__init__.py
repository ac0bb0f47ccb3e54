"""How fast an import is, and how much memory it takes."""
