"""A mail server that prints each message it takes as a line of JSON, until its input ends.

Usage: smtp_server.py PORT [USER PASSWORD]

It knows no `refused@…`, and is busy for `busy@…` the first time.
"""

import json
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class Handler:
    def __init__(self):
        self.busy = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.partition("@")[0]
        if name == "refused":
            return "550 5.1.1 no such user here"
        if name == "busy" and address not in self.busy:
            self.busy.add(address)
            return "451 4.7.1 greylisted, try again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "content": envelope.content.decode(),
        }
        print(json.dumps(message), flush=True)
        return "250 2.0.0 queued as 7"


def main():
    port, login = int(sys.argv[1]), sys.argv[2:4]

    def authenticate(server, session, envelope, mechanism, data):
        given = [data.login.decode(), data.password.decode()]
        # Without `handled=False` this server would say nothing of a wrong password.
        return AuthResult(success=given == login, handled=False)

    controller = Controller(
        Handler(),
        hostname="127.0.0.1",
        port=port,
        authenticator=authenticate if login else None,
        auth_required=bool(login),
        auth_require_tls=False,
    )
    controller.start()
    print("ready", flush=True)
    sys.stdin.read()
    controller.stop()


main()
