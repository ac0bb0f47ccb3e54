"""The kinds of fields, scalars, enums and payloads of which all types are made."""

# Enums get their descriptions before any type that names one is declared: Strawberry would otherwise make a second definition of them.
from schema.declarations import actions as actions
from schema.declarations import enums as enums
