"""What the codes of WeCom robots mean, and what to do about them (reference: official page 90455)."""

from shipbell.domain.catalog import Label
from shipbell.domain.explanations import (
    BY_ITSELF,
    IN_A_MINUTE,
    LOOK_AFTER_TEST,
    NEW_ROBOT,
    NEW_ROBOT_AFTER_TEST,
    REPORT,
    Causes,
)

_KNOWN: dict[str, tuple[Label, Label]] = {
    "93000": (Label("The robot was removed from its group, or its URL is wrong (93000).", "机器人已被移出群，或 URL 有误（93000）。"), NEW_ROBOT),
    "93004": (Label("The robot is disabled (93004).", "机器人已被停用（93004）。"), Label("Enable it in WeCom, reopen it here, then replay.", "请在企业微信中启用，在此重新启用，然后重新投递。")),
    "93008": (Label("The robot is not in the group (93008).", "机器人不在群中（93008）。"), NEW_ROBOT),
    "45009": (Label("Too many messages (45009). The robot pauses a while.", "发送过于频繁（45009）。机器人暂停片刻。"), Label("It goes on by itself; does another program use this robot?", "将自动继续；是否有其他程序也在使用此机器人？")),
    "45033": (Label("Too many calls at once (45033).", "并发过高（45033）。"), Label("It goes on by itself; does another program use this robot?", "将自动继续；是否有其他程序也在使用此机器人？")),
    "-1": (Label("WeCom is busy (-1).", "企业微信系统繁忙（-1）。"), BY_ITSELF),
    "40008": (Label("WeCom did not understand the message (40008).", "企业微信无法识别该消息（40008）。"), REPORT),
    "40058": (Label("The message is too long or has a bad parameter (40058).", "消息过长或参数有误（40058）。"), REPORT),
    "44004": (Label("The message is empty (44004).", "消息内容为空（44004）。"), REPORT),
    "45002": (Label("The message is too long (45002).", "消息过长（45002）。"), REPORT),
    "ok-with-warning": (Label("WeCom took the message with a warning: the group may or may not have seen it.", "企业微信接收了消息但附带警告：群里可能已看到，也可能没有。"), Label("Look into the group, then replay if it is not there.", "请查看群消息，若没有再重新投递。")),
}  # fmt: skip
CAUSES = Causes(
    known=_KNOWN,
    after_tests={
        "93000": NEW_ROBOT_AFTER_TEST,
        "93004": Label("Enable it in WeCom, then test again.", "请在企业微信中启用，然后重新测试。"),
        "93008": NEW_ROBOT_AFTER_TEST,
        "45009": IN_A_MINUTE,
        "45033": IN_A_MINUTE,
        "ok-with-warning": LOOK_AFTER_TEST,
    },
    other=Label("WeCom refused the message ({code}).", "企业微信拒绝了该消息（{code}）。"),
    wrong_url=Label(
        "Check the URL, a WeCom robot answers otherwise: paste the right one, or reopen the robot, then replay.",
        "请检查 URL，企业微信机器人不会这样应答：粘贴正确的 URL 或重新启用机器人，然后重新投递。",
    ),
    wrong_url_after_test=Label(
        "Check the URL, a WeCom robot answers otherwise: paste the right one, then test again.",
        "请检查 URL，企业微信机器人不会这样应答：粘贴正确的 URL，然后重新测试。",
    ),
)
