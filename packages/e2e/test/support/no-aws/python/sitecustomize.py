"""Python loads this file at its start (PYTHONPATH): guard.cjs for Python, of which LocalStack is made."""

import os
import re
import socket
import sys

AWS_HOST = re.compile(
    r"(^|\.)(amazonaws\.com(\.cn)?|api\.aws|aws|amazontrust\.com)\.?$|^169\.254\.|^fd00:ec2:", re.IGNORECASE
)


def refuse_aws(host):
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    if not isinstance(name, str) or not AWS_HOST.search(name):
        return
    log = os.environ.get("NO_AWS_LOG")
    if log:
        with open(log, "a", encoding="utf-8") as file:
            file.write(f"{name} by {' '.join(sys.argv) or 'python'}\n")
    raise OSError(f"the test run refuses a connection to {name}")


getaddrinfo, connect, connect_ex = socket.getaddrinfo, socket.socket.connect, socket.socket.connect_ex


def guarded_getaddrinfo(host, *rest, **named):
    refuse_aws(host)
    return getaddrinfo(host, *rest, **named)


def guarded_connect(self, address):
    refuse_aws(address[0] if isinstance(address, tuple) else None)
    return connect(self, address)


def guarded_connect_ex(self, address):
    refuse_aws(address[0] if isinstance(address, tuple) else None)
    return connect_ex(self, address)


socket.getaddrinfo = guarded_getaddrinfo
socket.socket.connect = guarded_connect
socket.socket.connect_ex = guarded_connect_ex
