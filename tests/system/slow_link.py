# SPDX-License-Identifier: Apache-2.0
"""A TCP link of a known rate between a device and the server; counts what went down it."""
import socket
import threading
import time


class SlowLink:
    def __init__(self, target: str, bytes_per_second: int):
        host, port = target.rsplit(":", 1)
        self.target, self.rate, self.down = (host, int(port)), bytes_per_second, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        self.lock, self.free_at, self.closed = threading.Lock(), 0.0, False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while not self.closed:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self.target, timeout=5)
            except OSError:
                near.close()
                continue
            # Little is buffered in the link itself, so that a cut loses little.
            near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)
            far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
            threading.Thread(target=self._pump, args=(near, far, False), daemon=True).start()
            threading.Thread(target=self._pump, args=(far, near, True), daemon=True).start()

    def _pump(self, source, sink, down: bool):
        try:
            while data := source.recv(8192):
                if down:
                    with self.lock:
                        self.down += len(data)
                        now = time.monotonic()
                        self.free_at = max(self.free_at, now) + len(data) / self.rate
                        wait = self.free_at - now
                    time.sleep(wait)
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()

    def close(self):
        self.closed = True
        self.listener.close()
