"""Runs LocalStack so that it listens on the loopback interface only.

LocalStack's default server ignores the IPv4 host of GATEWAY_LISTEN and binds to every interface, and so do some of
its helpers. LocalStack has no access control, so no other machine may reach it. This program binds each socket to
loopback that LocalStack wants to bind to all interfaces.
"""

import socket

ALL_INTERFACES = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}

bind_unchanged = socket.socket.bind


def bind_to_loopback(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple):
        host, port, *rest = address
        # A datagram socket with port 0 belongs to a client, which must be able to send to other machines.
        sends_only = self.type == socket.SOCK_DGRAM and port == 0
        if host in ALL_INTERFACES and not sends_only:
            loopback = "::1" if self.family == socket.AF_INET6 else ALL_INTERFACES[host]
            address = (loopback, port, *rest)
    return bind_unchanged(self, address)


socket.socket.bind = bind_to_loopback

if __name__ == "__main__":
    from localstack.runtime.main import main

    main()
