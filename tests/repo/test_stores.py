"""No statement reaches a tenant's rows without saying whose they are.

Every function of a ``store.py`` that touches the database takes what scopes it: an account, a value that carries its
account, or the lease of a session. What is inside an account (a session, an endpoint, a file) may stand for it only
where the caller has made sure of the account before; those modules are listed with how they do it. What is for all
accounts at once is listed too. No other module runs SQL.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import MetaData, Table

import wagate

SOURCES = Path(wagate.__file__).parent

#: Types of parameters that say whose a row is.
SCOPES = {"AccountId", "Lease"} | {"Account", "User", "ApiKey", "Session", "Message", "Media", "Endpoint", "Entry"}
#: Ids of what belongs to exactly one account. Enough only where the account was checked.
INNER = {"SessionId", "EndpointId", "MediaId", "DeliveryId", "WorkerId", "Delivery", "Attempted"}

#: Who may call functions that are scoped by one of these ids alone, and why that is no way around the account.
TRUSTED = {
    "backups/service.py": "for those who run the gateway, and for the worker that holds the session",
    "history/jobs.py": "reads chunks of sessions whose open link it holds",
    "history/service/notices.py": "runs in the transaction that takes a message off the inbox, under the epoch",
    "media/jobs.py": "fetches files of sessions whose open link it holds",
    "media/service/hosts.py": "uploads and downloads for a message or file that was read for its account",
    "messages/service/admission.py": "runs in the transaction that found the session for its account",
    "messages/service/backfill.py": "stores old messages of the session that its owner holds",
    "messages/service/outbox.py": "sends for the holder of the lease, whose epoch each transaction checks",
    "messages/service/receive.py": "runs in the transaction that takes a message off the inbox, under the epoch",
    "messages/service/settling.py": "settles for the holder of the lease, whose epoch it checks",
    "messages/service/send.py": "answers the engine, which asks for what its own session sent",
    "sessions/hosting.py": "the worker's side: by its own id, or by its leases",
    "sessions/pausing.py": "the worker's side: writes under the epoch",
    "sessions/placing.py": "places sessions of all accounts on workers",
    "webhooks/service/dispatcher.py": "delivers for all accounts, to each endpoint its own",
    "webhooks/service/endpoints.py": "reads the endpoint for its account in the same transaction",
    "webhooks/service/fanout.py": "makes deliveries for all accounts, to each endpoint its own",
    "webhooks/service/ledger.py": "stores what became of the dispatcher's attempts",
}

#: Functions that serve all accounts at once, and why they must.
FOR_ALL = {
    "accounts/store.py": {
        "has_admin": "whether the gateway has anybody who runs it",
        "admin_accounts": "names the accounts of those who run the gateway",
        "find_holder": "finds out whose a key is; the fingerprint is the secret",
        "find_login": "finds out whose a token is; its signature was checked",
        "find_password": "finds out whose an address is, at the door",
        "free_form_fingerprints": "the operators' own keys, read at start",
        "list_accounts": "for those who run the gateway",
        "changed_settings": "of the gateway, no account's",
        "change_settings": "of the gateway, no account's",
    },
    "cluster/store.py": {"*": "workers and duties are the gateway's own, no account's"},
    "audit/store.py": {"page": "for those who run the gateway; the account is one of the filters"},
    "engine/store.py": {
        "*": "keys and inbox of a session, for the engine that holds its epoch and for services that have read the "
        "session for its account"
    },
    "events/store.py": {
        "_insert": "adds the rows that append collected, each with its account",
        "lines": "for the counting of usage, which serves all accounts",
        "read_all": "for the dispatcher of webhooks, which serves all accounts",
        "fetch": "for the dispatcher of webhooks, which serves all accounts",
        "head": "the number of the newest row, no row",
        "prune": "drops what is old, whoever's it is",
    },
    "history/store.py": {
        "sessions_with_due": "names sessions with work, whoever's they are",
        "tidy": "drops what is old, whoever's it is",
    },
    "media/store.py": {
        "sessions_with_due": "names sessions with work, whoever's they are",
        "next_due": "a moment, no row",
        "drop_uploads": "drops what is old, whoever's it is",
    },
    "messages/store.py": {
        "empty_payloads": "drops what is old, whoever's it is",
        "drop_keys": "drops what is old, whoever's it is",
        "count_by_status": "numbers of a worker's own sessions, no row",
        "_started": "builds a condition",
        "_insert_all": "adds the rows that insert_at_end collected, each with its account",
        "settled": "for requests that wait for messages which they made or read for their account",
    },
    "sessions/store.py": {
        "device_is_here": "whether any account has this device: two owners would damage its keys",
        "any_account": "for those who run the gateway, and for workers that were given the session",
        "count_free": "a number, no row",
        "loads": "numbers of each worker, no row",
        **dict.fromkeys(("count_all", "count_unhosted", "waiting"), "numbers for whoever watches the gateway, no row"),
    },
    "keyring/store.py": {
        "*": "values that are sealed by the ring, whoever's they are: rotation opens and seals, and reads none"
    },
    "backups/store.py": {
        "add": "by a backup, which names its account and session",
        "of_no_use": "names files of versions that are too old, whoever's they are",
        "all_sessions": "after the database went back in time, for every session",
        **dict.fromkeys(("mark", "raise_mark", "timeline"), "the installation's mark, no account's"),
        **dict.fromkeys(
            ("sealed_by", "not_under", "count_under", "count_not_under"),
            "what rotation has left to do, whoever's it is",
        ),
    },
    "plans/store.py": {
        **dict.fromkeys(
            ("used", "take", "use_at_least"), "by a subject whose name the service makes of an account or session id"
        ),
        "forget": "drops what is old, whoever's it is",
    },
    "usage/store.py": {
        "add": "counts for all accounts; each cell names its account",
        **dict.fromkeys(("position", "begin", "advance"), "the one place that counting has reached, no account's"),
    },
    "webhooks/store.py": {
        "all_endpoints": "for the dispatcher, which serves all accounts",
        "set_up": "the one row of the fan-out, no account's",
        "place": "the one row of the fan-out, no account's",
        "version": "the one row of the fan-out, no account's",
        "advance": "the one row of the fan-out, no account's",
        "take_positions": "the one row of the fan-out, no account's",
        "_changed": "the one row of the fan-out, no account's",
        "waiting": "for the dispatcher, which serves all accounts",
        "held_lanes": "for the dispatcher, which serves all accounts",
        "next_replay": "for the fan-out, which serves all accounts",
        "move_replay": "for the fan-out, which serves all accounts",
        "still_needed": "which events some endpoint waits for, whoever's",
        "prune": "drops what is old, whoever's it is",
        **dict.fromkeys(("any_enabled", "backlog"), "numbers for whoever watches the gateway, no row"),
    },
}

#: Tables that hold nothing of any account.
NOBODYS = {
    "duties",
    "key_canary",
    "key_rotations",
    "platform_settings",
    "unfinished_move",
    "usage_cursor",
    "watermark",
    "webhook_fanout",
} | {"workers"}
#: Tables whose rows are an account's by another column's words.
BY_NAME = {"accounts": "id", "quota_use": "subject"}
#: Where SQL may stand, besides the stores.
SQL_AT_HOME = ("storage/", "engine/lease.py")
_RUNS_SQL = {"execute", "exec_driver_sql", "executemany", "scalars"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class StoreFunction:
    """One function of a store that touches the database, and the types that its parameters name and it reads."""

    name: str
    line: int
    types: frozenset[str]

    @property
    def is_scoped(self) -> bool:
        return bool(self.types & SCOPES)

    @property
    def is_inner(self) -> bool:
        return not self.is_scoped and bool(self.types & INNER)


def functions_of(source: str) -> Iterator[StoreFunction]:
    """The functions of a store; of a class, its methods. What is nested in one has its scope."""
    body = ast.parse(source).body
    found: list[Function] = [node for node in body if isinstance(node, Function)]
    for kind in (node for node in body if isinstance(node, ast.ClassDef)):
        found += [node for node in kind.body if isinstance(node, Function) and node.name != "__init__"]
    for function in found:
        if _touches_the_database(function):
            yield StoreFunction(function.name, function.lineno, frozenset(_types_in_use(function)))


def _touches_the_database(function: Function) -> bool:
    return any(
        (isinstance(node, ast.Name) and node.id == "Tx") or (isinstance(node, ast.Attribute) and node.attr == "_db")
        for node in ast.walk(function)
    )


def _types_in_use(function: Function) -> Iterator[str]:
    """The types of the parameters that the body reads: one that is taken and ignored scopes nothing."""
    read = {node.id for part in function.body for node in ast.walk(part) if isinstance(node, ast.Name)}
    arguments = function.args
    for parameter in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        if parameter.annotation is not None and parameter.arg in read:
            yield from (node.id for node in ast.walk(parameter.annotation) if isinstance(node, ast.Name))


def unscoped(source: str, listed: dict[str, str]) -> list[str]:
    """What is wrong with a store: functions that nothing scopes and nobody has listed, and lines of the list that are
    about nothing.
    """
    functions = list(functions_of(source))
    free = {function.name for function in functions if not function.is_scoped and not function.is_inner}
    if "*" in listed:
        return []
    inner = {function.name for function in functions if function.is_inner}
    wrong = [f"{name} takes nothing that says whose rows it is about" for name in sorted(free - set(listed))]
    return wrong + [f"{name} is listed, and is scoped or not there" for name in sorted(set(listed) - free - inner)]


def store_calls(path: str, source: str) -> Iterator[tuple[str, str]]:
    """The store functions that a module names, each with the path of the store."""
    tree = ast.parse(source)
    stores = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("wagate."):
            for name in node.names:
                if name.name == "store":
                    folder = node.module.removeprefix("wagate.").replace(".", "/")
                    stores[name.asname or name.name] = f"{folder}/store.py"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in stores:
            yield stores[node.value.id], node.attr


def sql_in(source: str) -> Iterator[str]:
    """Statements that a module runs."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _RUNS_SQL:
            yield f"line {node.lineno}: {ast.unparse(node.func)}"


def modules() -> dict[str, str]:
    return {path.relative_to(SOURCES).as_posix(): path.read_text() for path in sorted(SOURCES.rglob("*.py"))}


def is_store(path: str) -> bool:
    return path.endswith("/store.py")


@pytest.mark.parametrize("path", [path for path in modules() if is_store(path)])
def test_every_function_of_a_store_says_whose_rows_it_is_about(path: str) -> None:
    violations = unscoped(modules()[path], FOR_ALL.get(path, {}))
    assert not violations, f"{path}:\n" + "\n".join(violations)


def test_what_is_inside_an_account_stands_for_it_only_where_the_account_was_checked() -> None:
    sources = modules()
    inner = {
        (path, function.name)
        for path in sources
        if is_store(path) and "*" not in FOR_ALL.get(path, {})
        for function in functions_of(sources[path])
        if function.is_inner and function.name not in FOR_ALL.get(path, {})
    }
    callers = {
        path: sorted(f"{store}:{name}" for store, name in store_calls(path, source) if (store, name) in inner)
        for path, source in sources.items()
        if not is_store(path)
    }
    violations = [f"{path} calls {calls}" for path, calls in callers.items() if calls and path not in TRUSTED]
    assert not violations, "\n".join(violations)
    idle = [path for path in TRUSTED if not callers.get(path)]
    assert not idle, f"these are trusted with nothing: {idle}"
    assert len(inner) > 20


def test_only_stores_run_sql_and_know_tables(declared: MetaData) -> None:
    import importlib

    violations = []
    for path, source in modules().items():
        if is_store(path) or path.startswith(SQL_AT_HOME):
            continue
        violations += [f"{path}, {found}" for found in sql_in(source)]
        for store, name in store_calls(path, source):
            module = importlib.import_module("wagate." + store.removesuffix(".py").replace("/", "."))
            if isinstance(getattr(module, name, None), Table):
                violations.append(f"{path} reaches for the table {name} of {store}")
    assert not violations, "\n".join(violations)


def test_every_table_belongs_to_accounts_or_is_listed(declared: MetaData) -> None:
    """Whoever adds a table decides how its rows are scoped, and finds the stores' rule."""
    inside = {"account_id", "session_id", "endpoint_id"}
    free = {name for name, table in declared.tables.items() if not inside & set(table.columns.keys())}
    assert free - set(BY_NAME) == NOBODYS | _of_tests(declared)


def _of_tests(declared: MetaData) -> set[str]:
    """Tables that other tests declare in the same process."""
    ours = "".join(modules().values())
    return {name for name in declared.tables if f'"{name}"' not in ours}


SAMPLE = "from x import Tx\n"


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ("def find(tx: Tx, account: AccountId) -> None: tx.execute(mine(account))", False),
        ("def find(tx: Tx, message: Message) -> None: tx.execute(mine(message))", False),
        ("def find(tx: Tx, some: Collection[Message]) -> None: tx.execute(mine(some))", False),
        ("def find(tx: Tx, lease: Lease) -> None: tx.execute(mine(lease))", False),
        ("def find(tx: Tx, session: SessionId) -> None: tx.execute(mine(session))", False),
        ("def find(tx: Tx, name: str) -> None: tx.execute(mine(name))", True),
        ("def find(tx: Tx) -> None: tx.execute(everything)", True),
        ("def _find(tx: Tx) -> None: tx.execute(everything)", True),
        ("def find(tx: Tx, account: AccountId) -> None: tx.execute(everything)", True),
        ("def find(tx: Tx, *, id: str | None) -> None: tx.execute(mine(id))", True),
        ("class S:\n  async def f(self, name: str) -> None: await self._db.read(lambda tx: x(name))", True),
        ("class S:\n  async def f(self, a: AccountId) -> None: await self._db.read(lambda tx: x(a))", False),
        ("def row(values: dict[str, str]) -> str: return values['x']", False),
    ],
)
def test_the_rule_about_scopes_tells_good_from_bad(source: str, wrong: bool) -> None:
    assert bool(unscoped(SAMPLE + source, {})) is wrong


def test_a_listed_function_that_is_scoped_or_gone_is_told() -> None:
    source = SAMPLE + "def find(tx: Tx, account: AccountId) -> None: tx.execute(mine(account))"
    assert unscoped(source, {"find": "why", "gone": "why"}) == [
        "find is listed, and is scoped or not there",
        "gone is listed, and is scoped or not there",
    ]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def f(tx): tx.execute(store.things.select())", True),
        ("def f(tx): tx.connection.exec_driver_sql('SELECT 1')", True),
        ("def f(tx): store.find(tx, account)", False),
    ],
)
def test_the_rule_about_sql_sees_statements(source: str, found: bool) -> None:
    assert bool(list(sql_in(source))) is found


def test_calls_of_stores_are_seen_by_whatever_name() -> None:
    source = "from wagate.messages import store as rows\nfrom wagate.media import store\nrows.find(1)\nf(store.due)"
    assert sorted(store_calls("x.py", source)) == [("media/store.py", "due"), ("messages/store.py", "find")]
