"""What every route shares. It knows no feature.

==============  ==================================================================================================
principal       who is asking, and what they may do
auth            the dependencies that turn a request into a :class:`~wagate.web.principal.Principal`
cookies         the cookie of a browser that logged in, and what keeps other sites from using it
origin          the request by which somebody acts: its address and its id
routing         ``ApiRouter``: authenticates before the body is read, and reads JSON strictly
models          bases of request and response bodies: camelCase, strict, no unknown fields
pages           cursor pages
problems        every error as RFC 9457 ``application/problem+json``
requestid       ``X-Request-Id`` and the access log
openapi         what is said about the routes, truthfully
egress          the HTTP client for addresses that customers name
testing         a client for tests that calls an application without a socket
==============  ==================================================================================================

A feature's ``api.py`` looks like this::

    def router(things: Things) -> APIRouter:
        routes = ApiRouter(tags=["things"])

        @routes.get("/api/things/{thing_id}", responses=problem_responses(NotFound))
        async def get_thing(thing_id: ThingId, principal: ReadAccess) -> ThingBody: ...

        return routes

The function's name becomes the operation id (``getThing``), so it is part of the contract.
"""
