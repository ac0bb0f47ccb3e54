"""The format of the files of an import: which fields each kind of line has, as JSON Schemas and as a page."""
