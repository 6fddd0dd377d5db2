"""The channels that an alert goes out through: every module of this folder defines one, as ``CHANNEL``."""

from importlib import import_module
from pkgutil import iter_modules

from keywatch.alerts.channel import Channel

CHANNELS: tuple[Channel, ...] = tuple(
    import_module(f"{__name__}.{module.name}").CHANNEL for module in iter_modules(__path__)
)
