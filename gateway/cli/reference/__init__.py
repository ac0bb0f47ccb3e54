"""Reference pages that commands print from declarations in the code."""
