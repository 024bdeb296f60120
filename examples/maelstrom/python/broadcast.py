#!/usr/bin/env python3
"""Tells each neighbour what it has not confirmed, again and again. `--wrong`: tells it once."""
import sys

from maelstrom import Node

node = Node()
wrong = "--wrong" in sys.argv
messages = set()
unconfirmed = {}


def take(news, source):
    for message in news:
        if message in messages:
            continue
        messages.add(message)
        for neighbour in unconfirmed:
            if neighbour == source:
                continue
            unconfirmed[neighbour].add(message)
            if wrong:
                node.send(neighbour, {"type": "gossip", "messages": [message]})


@node.on("topology")
def topology(request):
    for neighbour in request["body"]["topology"][node.id]:
        unconfirmed[neighbour] = set(messages)
    node.reply(request, {"type": "topology_ok"})


@node.on("broadcast")
def broadcast(request):
    take([request["body"]["message"]], request["src"])
    node.reply(request, {"type": "broadcast_ok"})


@node.on("read")
def read(request):
    node.reply(request, {"type": "read_ok", "messages": list(messages)})


@node.on("gossip")
def gossip(message):
    take(message["body"]["messages"], message["src"])
    node.send(message["src"], {"type": "gossip_ok", "messages": message["body"]["messages"]})


@node.on("gossip_ok")
def confirmed(message):
    unconfirmed[message["src"]].difference_update(message["body"]["messages"])


def spread():
    for neighbour, news in unconfirmed.items():
        if news and not wrong:
            node.send(neighbour, {"type": "gossip", "messages": list(news)})


node.every(0.2, spread)
node.run()
