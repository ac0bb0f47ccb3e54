"""Invoices and credit notes as e-invoices: the semantic model of EN 16931, and its XML as Cross Industry Invoice, of Factur-X and ZUGFeRD. Functions take rows and
return text; they read and store nothing."""
