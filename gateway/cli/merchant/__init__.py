"""The commands with which the merchant works on what is sold."""
