"""Pure rules of billing: states, money, refusals, row types. Standard library and Babel only; no clock, no I/O."""
