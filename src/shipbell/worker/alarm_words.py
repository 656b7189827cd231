"""The words of alarms, in both languages."""

from dataclasses import dataclass
from datetime import timedelta

from shipbell.channels import causes_of
from shipbell.domain.catalog import Label
from shipbell.domain.deliveries import LaneState
from shipbell.domain.explanations import explain
from shipbell.domain.subscriptions import Locale
from shipbell.ports.upkeep import ShutRobot

_NAMED_PROJECTS = 5
_LOOK = Label("⚠️ Shipbell needs a look", "⚠️ Shipbell 需要处理")
_MORE = Label(" (and {more} more to come)", "（另有 {more} 条稍后发送）")
_SHUT = {
    LaneState.CLOSED: Label("Robot closed", "机器人已关闭"),
    LaneState.FAILING: Label("Robot failing", "机器人连续失败"),
}
_ROBOT = Label("{mask} ({projects}): {cause} {cure}", "{mask}（{projects}）：{cause}{cure}")
_DATABASE = Label("Database", "数据库")
# What the database's errors say is English everywhere.
_SENTENCE = Label("{sentence}", "数据库无法正常使用：{sentence}")
_UNKNOWN = Label("Unknown code", "未知代码")
_ANSWERED = Label(
    "{mask} answered {code}, which this version does not know: the message is a dead letter.",
    "{mask} 返回 {code}，当前版本无法识别：该消息投递失败，不再重试。",
)
_BACKLOG = Label("Old backlog", "投递积压")
_WAITING = Label(
    "{deliveries} deliveries wait, the oldest for {minutes} minutes: look at the robots of your projects.",
    "{deliveries} 条投递等待发送，最早的已等待 {minutes} 分钟：请查看各项目的机器人。",
)
_CLOCK = Label("Clock", "时钟")
_JUMPED = Label(
    "The clock of this machine jumped by {minutes} minutes: check its time service. What waits keeps its whole time, "
    "and nothing is deleted for a day.",
    "本机时钟跳变了 {minutes} 分钟：请检查时间同步服务。等待中的投递重新计时，一天内不会清理任何记录。",
)


@dataclass(frozen=True, slots=True)
class Alarm:
    """What is wrong: a word for it, and a sentence."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class AlarmWords:
    """What is said to the operator, in their language."""

    locale: Locale

    def headline(self, more: int) -> str:
        """The line above the alarms; so many more come later."""
        return _LOOK.read(self.locale) + (_MORE.read(self.locale).format(more=more) if more else "")

    def database(self, sentence: str) -> Alarm:
        """The database could not be used."""
        return self._alarm(_DATABASE, _SENTENCE, sentence=sentence)

    def unknown_code(self, mask: str, code: str) -> Alarm:
        """A robot answered what nobody knows."""
        return self._alarm(_UNKNOWN, _ANSWERED, mask=mask, code=code)

    def backlog(self, deliveries: int, oldest_seconds: float) -> Alarm:
        """Deliveries wait for long."""
        return self._alarm(_BACKLOG, _WAITING, deliveries=deliveries, minutes=int(oldest_seconds // 60))

    def clock(self, jump: timedelta) -> Alarm:
        """The clock was moved."""
        return self._alarm(_CLOCK, _JUMPED, minutes=f"{round(jump.total_seconds() / 60):+d}")

    def robot(self, one: ShutRobot) -> Alarm:
        """A robot waits for a person."""
        told = explain(one.cause, self.locale, causes_of(one.channel))
        projects = ", ".join(one.projects[:_NAMED_PROJECTS])
        return self._alarm(_SHUT[one.state], _ROBOT, mask=one.mask, projects=projects, cause=told.cause, cure=told.cure)

    def _alarm(self, label: Label, text: Label, **facts: object) -> Alarm:
        return Alarm(label.read(self.locale), text.read(self.locale).format(**facts))
