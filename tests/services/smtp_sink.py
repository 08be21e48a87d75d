"""A mail server that keeps what it gets: a line of JSON per mail.

Usage: smtp_sink.py PORT OUT plain|starttls|tls [--certificate PEM KEY] [--login USER PASSWORD] [--refuse ADDRESS]
Prints `ready` when it listens.
"""

import argparse
import asyncio
import json
import ssl

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

parser = argparse.ArgumentParser()
parser.add_argument("port", type=int)
parser.add_argument("out")
parser.add_argument("way", choices=["plain", "starttls", "tls"])
parser.add_argument("--certificate", nargs=2)
parser.add_argument("--login", nargs=2)
parser.add_argument("--refuse", default="")
arguments = parser.parse_args()


class Keeper:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address == arguments.refuse:
            return "550 no such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "content": envelope.content.decode("utf-8", "replace"),
            "secret": session.ssl is not None or arguments.way == "tls",
            "user": session.auth_data,
        }
        with open(arguments.out, "a", encoding="utf-8") as out:
            out.write(json.dumps(mail) + "\n")
        return "250 OK"


def login(server, session, envelope, mechanism, given):
    assert isinstance(given, LoginPassword)
    user, password = given.login.decode(), given.password.decode()
    if [user, password] != arguments.login:
        # As talkative as the worst of servers.
        return AuthResult(success=False, handled=False, message=f"535 {user} may not enter with {password}")
    return AuthResult(success=True, auth_data=user)


context = None
if arguments.certificate:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*arguments.certificate)


def session():
    options = {"hostname": "localhost"}
    if arguments.way == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    if arguments.login:
        required = arguments.way == "starttls"
        options |= {"authenticator": login, "auth_required": True, "auth_require_tls": required}
    return SMTP(Keeper(), **options)


async def serve():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        session, "127.0.0.1", arguments.port, ssl=context if arguments.way == "tls" else None
    )
    print("ready", flush=True)
    await server.serve_forever()


asyncio.run(serve())
