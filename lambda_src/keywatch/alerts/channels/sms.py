"""The first line of an alert as a text message: it fits into one, which is cheap and arrives whole."""

from keywatch.alerts.channel import Channel
from keywatch.alerts.wording import subject_line

CHANNEL = Channel(name="sms", protocols=("sms",), render=subject_line)
