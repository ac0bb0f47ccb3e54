"""The inputs and payloads of mutations and previews, one file per noun."""
