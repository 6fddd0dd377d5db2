"""The document as an event on an event bus (setting ``event_bus``), for automation."""

from keywatch.alerts.channel import Channel, compact_json, send_to_bus

CHANNEL = Channel(name="events", render=compact_json, send=send_to_bus)
