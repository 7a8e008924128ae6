"""Who changed what, and when: a log that is only ever added to, for those who run the gateway.

Features append to it in the transaction that makes the change (:func:`wagate.audit.service.append`), so there is no
change without its entry and no entry of a change that did not happen. It says that something changed and by whom, not
what it holds: no secret, no message, no telephone number.
"""
