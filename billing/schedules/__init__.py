"""Rules of payment schedules: their installments, what may be changed of them, and what becomes of their invoices."""
