"""Runs LocalStack so that it listens on the loopback interface only.

LocalStack's default server ignores the IPv4 host of GATEWAY_LISTEN and binds to every interface, and so do some of
its helpers. LocalStack has no access control, so nobody else may reach it: every socket of this process that would be
bound to all interfaces is bound to loopback instead.
"""

import socket

ALL_INTERFACES = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}

bind_unchanged = socket.socket.bind


def bind_to_loopback(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple):
        host, port, *rest = address
        # A client's datagram socket on a port of the system's choice sends, and must be able to reach other machines.
        sends_only = self.type == socket.SOCK_DGRAM and port == 0
        if host in ALL_INTERFACES and not sends_only:
            loopback = "::1" if self.family == socket.AF_INET6 else ALL_INTERFACES[host]
            address = (loopback, port, *rest)
    return bind_unchanged(self, address)


socket.socket.bind = bind_to_loopback

if __name__ == "__main__":
    from localstack.runtime.main import main

    main()
