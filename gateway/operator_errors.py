"""What an operator can mend. A module that imports nothing, so that the command line can name it before it imports anything else."""


class OperatorError(Exception):
    """A command cannot do its work. The message says what to change, with one line for each thing that is wrong and without the value of a setting."""
