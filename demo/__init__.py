"""The demo: a catalogue, named customers who each show something, and as many generated ones as asked for."""

from demo.load import files, is_empty, load_demo, seed
from demo.own import NotTheDemo, check_own
from demo.personas import PERSONAS, DemoCustomer

__all__ = ["PERSONAS", "DemoCustomer", "NotTheDemo", "check_own", "files", "is_empty", "load_demo", "seed"]
