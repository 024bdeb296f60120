#!/usr/bin/env python3
"""Each log is a list under a key of `lin-kv`. `--wrong`: nodes that send at once overwrite one another."""
import sys

from maelstrom import Node

node = Node()
wrong = "--wrong" in sys.argv


def read(key, done):
    """done(value), None for a key that is not there; nothing is called when it cannot be read: the client gives up."""

    def answered(answer):
        if answer["type"] == "read_ok":
            done(answer["value"])
        elif answer["code"] == 20:
            done(None)

    node.rpc("lin-kv", {"type": "read", "key": key}, answered)


def change(key, update, done):
    """Replaces the value, again until nobody else was first; done(value) with what it is then."""

    def replace(before):
        after = update(before)

        def answered(answer):
            if answer["type"] != "error":
                done(after)
            elif answer["code"] == 22:
                change(key, update, done)

        if wrong:
            node.rpc("lin-kv", {"type": "write", "key": key, "value": after}, answered)
        else:
            cas = {"type": "cas", "key": key, "from": before, "to": after, "create_if_not_exists": before is None}
            node.rpc("lin-kv", cas, answered)

    read(key, replace)


def for_each(items, act, done):
    """act(item, next) for one after another, then done()."""
    if not items:
        return done()
    act(items[0], lambda: for_each(items[1:], act, done))


@node.on("send")
def send(request):
    body = request["body"]
    key = "log " + body["key"]
    change(
        key,
        lambda log: (log or []) + [body["msg"]],
        lambda log: node.reply(request, {"type": "send_ok", "offset": len(log) - 1}),
    )


@node.on("poll")
def poll(request):
    msgs = {}

    def add(item, go_on):
        key, first = item

        def found(log):
            msgs[key] = [[first + i, message] for i, message in enumerate((log or [])[first : first + 20])]
            go_on()

        read("log " + key, found)

    offsets = list(request["body"]["offsets"].items())
    for_each(offsets, add, lambda: node.reply(request, {"type": "poll_ok", "msgs": msgs}))


@node.on("commit_offsets")
def commit(request):
    def keep(item, go_on):
        key, offset = item
        change("committed " + key, lambda known: max(offset, known or 0), lambda _: go_on())

    offsets = list(request["body"]["offsets"].items())
    for_each(offsets, keep, lambda: node.reply(request, {"type": "commit_offsets_ok"}))


@node.on("list_committed_offsets")
def committed(request):
    offsets = {}

    def add(key, go_on):
        def found(offset):
            if offset is not None:
                offsets[key] = offset
            go_on()

        read("committed " + key, found)

    done = {"type": "list_committed_offsets_ok", "offsets": offsets}
    for_each(request["body"]["keys"], add, lambda: node.reply(request, done))


node.run()
