"""What can go wrong in the converter, beside the errors of `insect_edge`."""

from insect_edge.errors import InsectEdgeError


class DatasetError(InsectEdgeError, ValueError):
    """The photographs cannot be used: no folder, too few of a class, nothing readable."""


class RecipeError(InsectEdgeError, ValueError):
    """A recipe does not exist or has a key that means nothing."""


class TrainingError(InsectEdgeError, RuntimeError):
    """Training cannot start or go on: no backbone weights, no place to write."""


class ConversionError(InsectEdgeError, RuntimeError):
    """The model cannot be turned into a fully integer one."""


class GateError(InsectEdgeError, RuntimeError):
    """The integer model lost more than the budget allows."""


class FloatModelError(InsectEdgeError, ValueError):
    """The float model is not named, not there, or another one than the bundle was made from."""


class ExportError(InsectEdgeError, RuntimeError):
    """A further format of a model cannot be written: a package is missing, or it would answer otherwise."""
