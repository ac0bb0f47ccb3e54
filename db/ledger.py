"""The opening balance and the length of a statement of account, computed from the block of its entries."""

from db.blocks import Block


def extent_sql(entries: Block) -> str:
    """Return SQL for one row, a StatementExtent: the balance before the day `:starts_on`, and the number of entries from that day on."""
    return f"""
        select coalesce(sum(amount_minor) filter (where happened_on < :starts_on), 0)::bigint as opening_minor,
               count(*) filter (where happened_on >= :starts_on)::integer as entries
          from ({entries.sql}) entry"""
