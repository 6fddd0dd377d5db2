"""What KeyWatch knows about AWS, as data: causes, error codes, error texts, operations and connection errors."""
