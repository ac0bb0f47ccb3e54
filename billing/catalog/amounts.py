"""The largest amounts of the catalog, in minor units."""

# An invoice for 10,000 units with a tax of 100 % stays below 2^53 minor units, which every JSON reader holds exactly.
MAX_UNIT_MINOR = 2**53 // 20_000
MAX_OFF_MINOR = 2**53
