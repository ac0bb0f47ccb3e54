"""Invoices, credit notes, receipts and statements of account as PDF (statements also as CSV). Functions take plain values and return bytes; they read and store
nothing."""
