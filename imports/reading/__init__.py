"""Reading the files of an import: bytes become lines, and lines become objects with checked values."""
