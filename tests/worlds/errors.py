"""What a stand-in raises; the wire turns it into the error that a real client would raise."""


class AwsError(Exception):
    """AWS refused: its code and its words."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
