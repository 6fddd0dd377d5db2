"""The whole document as JSON, for queues, functions and web hooks that subscribe to the alert topic."""

from keywatch.alerts.channel import Channel, compact_json

CHANNEL = Channel(
    name="machines",
    protocols=("sqs", "lambda", "http", "https", "firehose"),
    render=compact_json,
)
