"""A WeCom group robot to test against: its limits, its codes, its faults, and a page that shows the group."""

from shipbell.simulator.faults import Fault, read_faults
from shipbell.simulator.group import Seen
from shipbell.simulator.running import RunningRobot, run_robot, serve_robot
from shipbell.simulator.settings import RobotSettings

__all__ = ["Fault", "RobotSettings", "RunningRobot", "Seen", "read_faults", "run_robot", "serve_robot"]
