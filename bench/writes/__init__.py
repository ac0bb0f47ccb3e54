"""How fast customers change things: mutations beside other servers that do the same."""
