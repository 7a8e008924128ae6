"""How requests about workers fail."""

from wagate.core.errors import Conflict, NotFound, Unavailable


class WorkerNotFound(NotFound):
    """There is no such worker."""

    code = "worker_not_found"


class WorkerTakesNone(Conflict):
    """This worker takes no sessions: it is draining, silent or gone."""

    code = "worker_takes_none"


class OnlyWorker(Conflict):
    """There is no other worker: this gateway is one process."""

    code = "only_worker"


class WorkerIdTaken(Conflict):
    """Another worker lives under this id."""

    code = "worker_id_taken"


class WorkerGone(Conflict):
    """This worker was taken for dead: what it hosted is elsewhere. It has to register again, under a new id."""

    code = "worker_gone"


class WorkerUnreachable(Unavailable):
    """The worker that holds this session does not answer for now."""

    code = "worker_unreachable"
