"""The facade's path to ``ml_infra.decorators``: the same objects."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ml_infra.decorators import *  # noqa: F403 - the checker's view of all it forwards
else:
    from ml_infra_utils._forward import forward

    __getattr__, __dir__ = forward("ml_infra.decorators")

    # Importing the submodule binds it to the decorator's name: bind that back now,
    # for a later import finds the submodule loaded and leaves the name alone.
    from ml_infra_utils.decorators.retry import retry as retry
