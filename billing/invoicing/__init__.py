"""Rules of what staff do with invoices and money: issue, void, write off, credit, refund, record, adjust."""
