"""The merchant's catalog: reading and writing its rows and its file.

yaml_nodes.py     YAML as text with line numbers, without anything that YAML could execute or expand
catalog_file.py   a file as a catalog, or all its faults with their lines
file_export.py    a catalog as a file, and the JSON Schema of such files
stored.py         the catalog of the database, and the rows of changes
price_moves.py    subscriptions that move to the present version of a price
mutations.py      the staff mutations
"""
