"""A node that speaks Maelstrom's protocol: JSON lines on standard input and output.

    node = Node()

    @node.on("echo")
    def echo(request):
        node.reply(request, {"type": "echo_ok", "echo": request["body"]["echo"]})

    node.run()

One thread: handlers run one after another, and answers to requests of one's own come to callbacks.
"""
import heapq
import itertools
import json
import os
import selectors
import sys
import time


class Node:
    def __init__(self):
        self.id = None
        self.ids = []
        self._handlers = {"init": self._init}
        self._waiting = {}
        self._message_ids = itertools.count(1)
        self._timers = []
        self._order = itertools.count()
        self._started = []

    @property
    def others(self):
        return [node for node in self.ids if node != self.id]

    def on(self, kind):
        def register(handler):
            self._handlers[kind] = handler
            return handler

        return register

    def on_start(self, handler):
        self._started.append(handler)
        return handler

    def send(self, dest, body):
        sys.stdout.write(json.dumps({"src": self.id, "dest": dest, "body": body}) + "\n")
        sys.stdout.flush()

    def reply(self, request, body):
        self.send(request["src"], {**body, "in_reply_to": request["body"]["msg_id"]})

    def error(self, request, code, text):
        self.reply(request, {"type": "error", "code": code, "text": text})

    def rpc(self, dest, body, done, timeout=1.0):
        """done(body) gets the answer, or {"type": "error", "code": 0} when none came in time."""
        msg_id = next(self._message_ids)
        self._waiting[msg_id] = done
        self.after(timeout, lambda: self._answer(msg_id, {"type": "error", "code": 0, "text": "no answer"}))
        self.send(dest, {**body, "msg_id": msg_id})

    def after(self, seconds, run):
        heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._order), run))

    def every(self, seconds, run):
        def again():
            run()
            self.after(seconds, again)

        self.after(seconds, again)

    def run(self):
        selector = selectors.DefaultSelector()
        selector.register(sys.stdin.fileno(), selectors.EVENT_READ)
        rest = b""
        while True:
            wait = max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None
            if selector.select(wait):
                read = os.read(sys.stdin.fileno(), 1 << 16)
                if not read:
                    return
                *lines, rest = (rest + read).split(b"\n")
                for line in lines:
                    self._receive(json.loads(line))
            while self._timers and self._timers[0][0] <= time.monotonic():
                heapq.heappop(self._timers)[2]()

    def _receive(self, message):
        body = message["body"]
        if "in_reply_to" in body:
            return self._answer(body["in_reply_to"], body)
        handler = self._handlers.get(body["type"])
        if handler is None:
            return self.error(message, 10, f"{body['type']} is not known here")
        handler(message)

    def _answer(self, msg_id, body):
        done = self._waiting.pop(msg_id, None)
        if done is not None:
            done(body)

    def _init(self, message):
        self.id = message["body"]["node_id"]
        self.ids = message["body"]["node_ids"]
        self.reply(message, {"type": "init_ok"})
        for handler in self._started:
            handler()
