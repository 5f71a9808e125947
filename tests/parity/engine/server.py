"""Stands in for `sglang serve`: ready at once, with the load time that `PARITY_LOAD_MS` asks for."""

import os
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer


class Health(BaseHTTPRequestHandler):
    """Answers that the server is healthy."""

    def do_GET(self):
        """Say yes."""
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object):
        """Keep the log free of polls."""


ready_ns = time.monotonic_ns() + int(float(os.environ["PARITY_LOAD_MS"]) * 1e6)
print(f"[server-load] workers_ready_monotonic_ns={ready_ns}", flush=True)
port = int(sys.argv[sys.argv.index("--port") + 1])
HTTPServer(("127.0.0.1", port), Health).serve_forever()
