"""Every error that a user can cause, and the exit code it ends the program with.

::

    CtcError               1   anything below, and what fits none of them
    ├── DataError          3   a folder or a file is not as the challenge says
    ├── CheckpointError    4   a model folder is missing, broken or of another kind
    ├── RulesBroken        5   a result breaks a rule of the challenge
    └── ToolError          6   an outside program or service failed

A message is one line: path, what was expected, what was found, and how to mend it. Wrong use of a
function stays a ``ValueError`` or ``TypeError``; wrong use of the command line exits with 2.
"""


class CtcError(Exception):
    """Base of every error that is the data's or the machine's fault, not the program's."""

    exit_code = 1


class DataError(CtcError):
    """A folder or a file is not as the challenge says."""

    exit_code = 3


class CheckpointError(CtcError):
    """A model folder is missing, broken, or of another kind than asked for."""

    exit_code = 4


class RulesBroken(CtcError):
    """A result breaks a rule of the challenge."""

    exit_code = 5


class ToolError(CtcError):
    """An outside program or service failed."""

    exit_code = 6
