"""KeyWatch on the command line: ask the deployed function about keys, risks and its own health."""
