"""The demo: a catalogue, named customers who each show something, and as many generated ones as asked for."""

from demo.load import files, is_empty, load_demo, seed
from demo.own import NotTheDemo, check_own
from demo.personas import SHOWN, DemoCustomer

__all__ = ["SHOWN", "DemoCustomer", "NotTheDemo", "check_own", "files", "is_empty", "load_demo", "seed"]
