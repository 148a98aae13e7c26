# SPDX-License-Identifier: Apache-2.0
"""The streams of a container as a kubelet gets them: a WebSocket (RFC 6455) with a channel for each stream."""
import base64
import json
import os
import socket
import struct
import urllib.parse

from . import machine

STDIN, STDOUT, ERROR, RESIZE = 0, 1, 3, 4
BINARY, CLOSE = 2, 8
LENGTHS = {126: ">H", 127: ">Q"}               # how the next bytes tell a length that does not fit
PROTOCOL = "v4.channel.k8s.io"
DEADLINE = 60


class Stream:
    def __init__(self, url):
        where = urllib.parse.urlparse(url)
        self.connection = socket.create_connection((where.hostname, where.port), DEADLINE * machine.PATIENCE)
        key = base64.b64encode(os.urandom(16)).decode()
        self.connection.sendall((f"GET {where.path} HTTP/1.1\r\nHost: {where.netloc}\r\nConnection: Upgrade\r\n"
                                 f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
                                 f"Sec-WebSocket-Protocol: {PROTOCOL}\r\n\r\n").encode())
        self.reader = self.connection.makefile("rb")
        head = [self.reader.readline()]
        while head[-1].strip():
            head.append(self.reader.readline())
        assert b" 101 " in head[0], b"".join(head).decode()
        self.seen, self.status = "", None

    def send(self, channel, text):
        data = bytes([channel]) + text.encode()
        assert len(data) < 126, "a longer text needs another head"
        mask = os.urandom(4)                    # a client has to
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))
        self.connection.sendall(bytes([0x80 | BINARY, 0x80 | len(data)]) + mask + masked)

    def type(self, text):
        self.send(STDIN, text)

    def resize(self, rows, columns):
        self.send(RESIZE, json.dumps({"Width": columns, "Height": rows}))

    def read(self):
        """One frame; False at the end."""
        head = self.reader.read(2)
        if len(head) < 2 or head[0] & 15 == CLOSE:
            return False
        length = head[1] & 127
        if length in LENGTHS:
            length, = struct.unpack(LENGTHS[length], self.reader.read(struct.calcsize(LENGTHS[length])))
        data = self.reader.read(length)
        if head[0] & 15 == BINARY and data[0] == STDOUT:
            self.seen += data[1:].decode(errors="replace")
        elif head[0] & 15 == BINARY and data[0] == ERROR and len(data) > 1:
            self.status = json.loads(data[1:])
        return True

    def wait_for(self, text):
        while text not in self.seen:
            assert self.read(), f"the stream ended without {text}:\n{self.seen}"

    def end(self):
        """What came until the end, and the exit code."""
        while self.read():
            pass
        self.connection.close()
        if self.status is None or self.status["status"] == "Success":
            return self.seen, 0
        return self.seen, int(self.status["details"]["causes"][0]["message"])
