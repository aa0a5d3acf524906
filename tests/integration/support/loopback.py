"""The address that tests listen on: 127.0.0.1, or what KVC_TEST_HOST names,
such as ::1. All tests are skipped where it cannot be had."""
import os
import socket
import sys
import unittest

HOST = os.environ.get("KVC_TEST_HOST", "127.0.0.1")
IS_IPV6 = ":" in HOST
FAMILY = socket.AF_INET6 if IS_IPV6 else socket.AF_INET


def in_brackets(host=HOST):
    """Returns a host as it stands before a port and in URLs."""
    return f"[{host}]" if ":" in host else host


def listen(port=0):
    """Returns a socket that listens; any free port if it is 0."""
    return socket.create_server((HOST, port), family=FAMILY)


try:
    listen().close()
except OSError as error:
    REASON = f"nothing can listen on {HOST}: {error}"
    print(f"skipped: {sys.argv[-1]}: {REASON}", flush=True)  # For .ci/test.
    raise unittest.SkipTest(REASON) from error
