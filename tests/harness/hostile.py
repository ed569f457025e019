"""Hostile servers on loopback, all in one name: from harness import hostile; hostile.Http(...)."""
from .hostile_http import *  # noqa: F401,F403
from .hostile_http import OK, Http, Reply, Request  # noqa: F401
from .hostile_net import Blackhole, Process, Proxy  # noqa: F401
from .hostile_server import Conn, Gone, Server  # noqa: F401
from .hostile_tls import Certificate, Certificates, HandshakeStall, old_tls  # noqa: F401
from .hostile_resp import Resp  # noqa: F401
from .hostile_pg import Pg  # noqa: F401
from . import hostile_http as http, hostile_pg as pg, hostile_resp as resp  # noqa: F401
