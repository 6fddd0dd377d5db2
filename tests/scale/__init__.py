"""What a hub does under the traffic of many spokes: calls, sessions, partitions of the table, memory."""
