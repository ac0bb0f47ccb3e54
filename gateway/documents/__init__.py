"""Documents: parsed, validated, priced, cached and, where they are persisted, found by their id."""
