"""A WeCom group robot to test against: its limits, its codes, its faults, and a page that shows the group."""

from shipbell.robot.faults import Fault, read_faults
from shipbell.robot.group import Seen
from shipbell.robot.running import RunningRobot, run_robot, serve_robot
from shipbell.robot.settings import RobotSettings

__all__ = ["Fault", "RobotSettings", "RunningRobot", "Seen", "read_faults", "run_robot", "serve_robot"]
