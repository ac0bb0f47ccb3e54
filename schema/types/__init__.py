"""The object types, one file per noun."""
