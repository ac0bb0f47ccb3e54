"""The demo data: a catalogue, named customers, each for certain cases, and any number of generated customers."""

from demo.load import files, is_empty, load_demo, seed
from demo.own import NotTheDemo, check_own
from demo.personas import PERSONAS, DemoCustomer

__all__ = ["PERSONAS", "DemoCustomer", "NotTheDemo", "check_own", "files", "is_empty", "load_demo", "seed"]
