"""`perf-ratchet` as the workflows run it, but for the pauses with which GitHub is asked."""

import sys
from functools import partial

import ratchet_bot.hosts.github as package
from ratchet_bot.__main__ import main

HASTE = package.Pace(between_requests=0, between_writes=0, before_retry=0, for_rate_limit=0)
package.github_host_from_environment = partial(package.github_host_from_environment, pace=HASTE)
sys.exit(main())
