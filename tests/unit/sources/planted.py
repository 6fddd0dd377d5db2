"""Secrets and personal data that somebody may log beside a failing call; every one is made up."""

_DIGITS = "0123456789abcdef"

# What it is → the text that is logged, and the part of it that must stay in the log.
PLANTED: dict[str, tuple[str, str]] = {
    "password": ("password=hunter2-Grz8", "hunter2-Grz8"),
    "password in JSON": ('"password": "correct horse battery"', "correct horse battery"),
    "password in escaped JSON": (r"{\"pwd\":\"tr0ub4dor\"}", "tr0ub4dor"),
    "password in YAML": ("db_password: s3cr3t-Pl4in", "s3cr3t-Pl4in"),
    "password in Ruby": (':password => "rubytuesday9"', "rubytuesday9"),
    "passphrase": ("passphrase='open sesame 4711'", "open sesame 4711"),
    "login in an address": ("postgres://app:pw4Prod@db.internal/orders", "pw4Prod"),
    "bearer": ("Authorization: Bearer abcDEF123456ghiJKL", "abcDEF123456ghiJKL"),
    "basic": ("authorization=Basic YWxhZGRpbjpvcGVuc2VzYW1l", "YWxhZGRpbjpvcGVuc2VzYW1l"),
    "JWT": (
        "token eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
    ),
    "AWS access key": ("AKIA" + "IOSFODNN7EXAMPLE", "IOSFODNN7EXAMPLE"),
    "AWS secret key": (
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY",
        "wJalrXUtnFEMI",
    ),
    "AWS secret key alone": ("wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI"),
    "AWS session token": (
        "IQoJb3JpZ2luX2VjEPz//////////wEaCWV1LXdlc3QtMSJHMEUCIQDExample",
        "wEaCWV1LXdlc3QtMSJHMEUCIQDExample",
    ),
    "GitHub": ("ghp_" + "16C7e42F292c6912E7710c838347Ae178B4a", "16C7e42F292c6912"),
    "GitLab": ("glpat-" + "x7Kq2mRt9vWz4yBn8cDf", "x7Kq2mRt9vWz4yBn8cDf"),
    "Slack": ("xoxb-" + "2345678901-abcdefghijklmnop", "abcdefghijklmnop"),
    "Slack hook": (
        "hooks.slack.com/services/" + "T00000000/B00000000/XXXXXXXXXXXXXXXX",
        "XXXXXXXXXXXXXXXX",
    ),
    "Stripe": ("sk_" + "live_4eC39HqLyjWDarjtT1zdp7dc", "4eC39HqLyjWDarjtT1zdp7dc"),
    "OpenAI": ("sk-" + "proj-abcDEF0123456789abcDEF01", "abcDEF0123456789"),
    "Google": ("AIza" + "SyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY", "SyD-9tSrke72"),
    "npm": ("npm_" + "abcdefghijklmnopqrstuvwxyz0123456789", "klmnopqrst"),
    "SendGrid": ("SG." + "ngeVfQFYQlKU0ufo8x5d1A.TwL2iGABf9DHoTf", "ngeVfQFYQlKU0ufo8x5d1A"),
    "Telegram": ("110201543:" + "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw1", "AAHdqTcvCH1vGWJxf"),
    "private key": (
        "-----BEGIN RSA " + "PRIVATE KEY-----MIIEpAIBAAKCAQEA1234567890abcdef",
        "MIIEpAIBAAKCAQEA",
    ),
    "api key": ("api_key=7f3c1d9e2b", "7f3c1d9e2b"),
    "X-Api-Key": ("X-Api-Key: 9d8c7b6a5e4f", "9d8c7b6a5e4f"),
    "client secret": ("client_secret=Zx8~abcQ", "Zx8~abcQ"),
    "cookie": ("Cookie: sid=31d4d96e407aad42", "31d4d96e407aad42"),
    "card": ("card 4111 1111 1111 1111", "1111 1111"),
    "card in one piece": ("card 5555555555554444", "5555555555554444"),
    "American Express": ("378282246310005", "378282246310005"),
    "IBAN": ("IBAN DE89370400440532013000", "370400440532013000"),
    "IBAN in groups": ("GB29 NWBK 6016 1331 9268 19", "6016 1331"),
    "social security": ("SSN 078-05-1120", "078-05-1120"),
    "phone": ("call +49 170 1234567", "170 1234567"),
    "e-mail": ("customer=jane.doe@mail.test", "jane.doe@mail.test"),
}
