"""Telling customers' servers what happened: endpoints, signed deliveries, retries, dead letters, replay.

**endpoint** a URL, and which events it is told · **delivery** one series of attempts to tell one endpoint one event ·
**lane** the deliveries of one conversation to one endpoint · **dead letter** a delivery that was given up, kept for 30
days and replayable.

::

    the log --(fan-out: one transaction adds deliveries and moves the cursor)--> deliveries
    deliveries --(lanes: in order, a bounded number at once)--> POST --> delivered | again later | dead letter

* Delivery is at least once. The ``webhook-id`` is the event's id in every attempt and replay.
* Within a lane first attempts are made in the order of the log, one at a time, and a failure holds its lane until the
  second attempt five seconds later, so that a receiver's restart reorders nothing. What fails twice leaves its lane:
  its further attempts take place beside later events, because waiting up to 75 hours would help nobody.
* An endpoint that fails gets fewer simultaneous attempts, down to one, and all failing ones together use at most a
  quarter of the attempts that may be under way. So they delay nobody else.

One dispatcher at a time serves a database.
"""
