"""The kinds of fields, scalars, enums and payloads that all types are made of."""

# Enums get their descriptions before any type that uses one is declared: Strawberry would otherwise make a second definition of them.
from schema.declarations import actions as actions
from schema.declarations import enums as enums
from schema.declarations import merchant as merchant
from schema.declarations import money_enums as money_enums
