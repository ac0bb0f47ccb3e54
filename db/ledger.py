"""The statement of account, around the block of its entries: what it begins with and how long it is, told without reading it."""

from db.blocks import Block


def extent_sql(entries: Block) -> str:
    """One row, a StatementExtent: the balance before the day `:starts_on`, and how many entries there are from that day on."""
    return f"""
        select coalesce(sum(amount_minor) filter (where happened_on < :starts_on), 0)::bigint as opening_minor,
               count(*) filter (where happened_on >= :starts_on)::integer as entries
          from ({entries.sql}) entry"""
