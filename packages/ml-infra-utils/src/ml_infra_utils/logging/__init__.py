"""The facade's path to ``ml_infra.logging``: the same objects."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ml_infra.logging import *  # noqa: F403 - the checker's view of all it forwards
else:
    from ml_infra_utils._forward import forward

    __getattr__, __dir__ = forward("ml_infra.logging")
