"""Redis as `make run` has it, to be killed."""

from tests.valkeys import embedded, office  # noqa: F401  (fixtures)
