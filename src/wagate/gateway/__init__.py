"""The HTTP process: every feature's routes in one application, and the server that answers for it.

==========  ======================================================================================================
app         features' routers, health, documentation and middleware put together
health      whether the gateway lives, is ready, and which part is not
pages       the documentation that a browser shows, without anything from elsewhere
shutdown    streams end when the gateway does
server      the listening socket
connection  how large and how slow a request may begin
==========  ======================================================================================================
"""
