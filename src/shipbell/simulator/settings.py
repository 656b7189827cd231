"""What the simulator is told at its start."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotSettings:
    """The knobs of the simulator; spans in seconds, the defaults are what was documented or seen of WeCom."""

    host: str = "127.0.0.1"
    port: int = 9100
    # At most `limit` accepted sends in any `window_s`; the next starts a block of `block_s`. 0 = no limit.
    limit: int = 20
    window_s: float = 60.0
    block_s: float = 60.0
    # More calls than this in flight for one key are refused. 0 = no limit.
    concurrency: int = 2
    # The documented limit of a text; 5120 is where the service itself was once seen to refuse.
    text_limit: int = 2048
    latency_s: float = 0.0
    stall_s: float = 30.0
    faults: Mapping[str, int] = field(default_factory=dict)
    # Nobody knows these two of the real service; the defaults are the milder guess.
    count_refused: bool = False
    prolong_block: bool = False
    # Messages kept for each robot; older ones go, so that a long load does not fill the memory.
    keep: int = 100_000
