# SPDX-License-Identifier: Apache-2.0
"""A seccomp agent: takes the notify descriptor of a container and answers its system calls."""
import array
import fcntl
import json
import os
import select
import socket
import struct
import threading

from . import machine

RECV, SEND = 0xC0502100, 0xC0182101         # SECCOMP_IOCTL_NOTIF_RECV, _SEND
NOTIFICATION, RESPONSE = struct.Struct("=QIIiIQ6Q"), struct.Struct("=QqiI")


class Agent:
    """Listens at PATH.  Each connection is one message; each listener in it answers every call with VALUE."""

    def __init__(self, path, value=77, owner=0):
        self.path, self.value = str(path), value
        self.messages, self.listeners, self.requests = [], [], []
        self.server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.server.bind(self.path)
        os.chown(self.path, owner, owner)
        self.server.listen(8)
        self.end, self.ended = os.pipe()
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    def _accept(self):
        connection, _ = self.server.accept()
        text = b""
        while True:
            block, descriptors, _flags, _address = socket.recv_fds(connection, 65536, 4)
            self.listeners += descriptors
            if not block:
                break
            text += block
        connection.close()
        self.messages.append(json.loads(text))

    def _answer(self, fd):
        buffer = array.array("B", bytes(NOTIFICATION.size))
        try:
            fcntl.ioctl(fd, RECV, buffer)
            number, _pid, _flags, call = NOTIFICATION.unpack(buffer)[:4]
            self.requests.append(call)
            fcntl.ioctl(fd, SEND, RESPONSE.pack(number, self.value, 0, 0))
        except FileNotFoundError:           # the caller is gone
            pass

    def _work(self):
        dead = set()
        while True:
            poll = select.poll()
            for fd in [self.end, self.server.fileno(), *(fd for fd in self.listeners if fd not in dead)]:
                poll.register(fd, select.POLLIN)
            for fd, events in poll.poll():
                if fd == self.end:
                    return
                if fd == self.server.fileno():
                    self._accept()
                elif events & select.POLLIN:
                    self._answer(fd)
                else:
                    dead.add(fd)

    def wait_for_message(self, seconds=5):
        machine.wait_until(lambda: self.messages, seconds, "a message to the agent")
        return self.messages[0]

    def close(self):
        os.write(self.ended, b"x")
        self.thread.join()
        self.server.close()
        for fd in (self.end, self.ended, *self.listeners):
            os.close(fd)
