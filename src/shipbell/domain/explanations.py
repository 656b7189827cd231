"""Causes: what a code means, and what to do about it, in both languages.

The codes here are Shipbell's own; what a chat system answers is explained by its channel (`Causes`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from shipbell.domain.catalog import Label
from shipbell.domain.subscriptions import Locale


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why it is so, and what helps."""

    cause: str
    cure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Causes:
    """What a channel explains: its own codes, any other code, and what helps when the URL is none of its robots'."""

    known: Mapping[str, tuple[Label, Label]] = field(default_factory=dict)
    after_tests: Mapping[str, Label] = field(default_factory=dict)
    other: Label
    wrong_url: Label
    wrong_url_after_test: Label


NEW_ROBOT = Label("Add a robot and paste its new URL, then replay.", "请添加机器人并粘贴新的 URL，然后重新投递。")
NOTHING = Label("Nothing is to be done.", "无需处理。")
BY_ITSELF = Label("It is tried again by itself.", "将自动重试。")
_PERHAPS_TWICE = Label(
    "It is tried again by itself; the group may then see it twice.", "将自动重试；届时群里可能会看到两次。"
)
REPORT = Label(
    "Replay it; if it is refused again, report it with this code.", "可重新投递；若再次被拒，请附上此代码反馈。"
)
_REPLAY = Label("Replay it if it still matters.", "如仍有需要，请重新投递。")

CAUSES: dict[str, tuple[Label, Label]] = {
    "0": (Label("The group has it.", "群已收到。"), NOTHING),
    "unreadable-answer": (Label("The call was sent, but its answer cannot be read: the group may have seen the message.", "请求已发出，但应答无法读取：群里可能已看到该消息。"), _PERHAPS_TWICE),
    "timed-out": (Label("The call was sent, but its answer did not come in time: the group may have seen the message.", "请求已发出，但应答超时：群里可能已看到该消息。"), _PERHAPS_TWICE),
    "cut-off": (Label("The call was sent, but its answer got lost: the group may have seen the message.", "请求已发出，但没有收到应答：群里可能已看到该消息。"), _PERHAPS_TWICE),
    "reply-too-large": (Label("The answer is larger than 64 KiB.", "应答超过 64 KiB。"), Label("Check the URL, this may not be a robot; it is tried again by itself.", "请检查 URL，这可能不是机器人；将自动重试。")),
    "answers-lost": (Label("Its answers got lost three times while the robot answered other calls: the group may have seen it.", "三次应答均丢失，而机器人对其他请求有应答：群里可能已看到。"), Label("Look into the group, then replay if it is not there.", "请查看群消息，若没有再重新投递。")),
    "interrupted": (Label("Shipbell was stopped during this call: the group may have seen the message.", "调用期间 Shipbell 被停止：群里可能已看到该消息。"), _PERHAPS_TWICE),
    "name-not-found": (Label("The host of the URL cannot be found.", "找不到 URL 中的主机。"), Label("Check the URL and the name server; it is tried again by itself.", "请检查 URL 和域名解析；将自动重试。")),
    "not-connected": (Label("The host of the URL does not answer.", "URL 中的主机无应答。"), BY_ITSELF),
    "certificate-not-trusted": (Label("The certificate of the host is not trusted.", "主机的证书不受信任。"), Label("Mend the certificate, or the list of trusted ones of this machine; it is tried again by itself.", "请修复证书，或更新本机的受信任证书列表；将自动重试。")),
    "proxy-failed": (Label("The outbound proxy failed.", "出站代理失败。"), Label("Check SHIPBELL_OUTBOUND_PROXY; it is tried again by itself.", "请检查 SHIPBELL_OUTBOUND_PROXY；将自动重试。")),
    "address-not-allowed": (Label("The URL leads to an address that may not be called.", "URL 指向不允许访问的地址。"), Label("Use a public address, or let whoever runs Shipbell allow it in SHIPBELL_OUTBOUND_ALLOW; reopen, then replay.", "请使用公网地址，或由运维人员在 SHIPBELL_OUTBOUND_ALLOW 中放行；重新启用后再重新投递。")),
    "url-unusable": (Label("The URL cannot be read.", "URL 无法解析。"), Label("Copy it from the robot again and paste it, then replay.", "请重新从机器人处复制并粘贴，然后重新投递。")),
    "url-unopened": (Label("No secret key at hand opens the URL of this robot.", "现有密钥均无法解密此机器人的 URL。"), Label("Add the key that it was saved under to SHIPBELL_SECRET_KEY, start again, reopen the robot, then replay.", "请将保存时使用的密钥加入 SHIPBELL_SECRET_KEY 并重启，重新启用机器人后再重新投递。")),
    "channel-unknown": (Label("This version of Shipbell does not have the channel of this robot.", "当前版本的 Shipbell 不支持此机器人的渠道。"), Label("Start a version that has it, reopen the robot, then replay.", "请启动支持该渠道的版本，重新启用机器人后再重新投递。")),
    "not-composed": (Label("No message can be made of this event.", "无法由此事件生成消息。"), Label("Report it with the event's id: this is a fault of Shipbell.", "这是 Shipbell 的缺陷，请附上事件编号反馈。")),
    "expired": (Label("It waited longer than it may.", "等待时间超过上限。"), _REPLAY),
    "subscription-disabled": (Label("The subscription was switched off.", "订阅已停用。"), Label("Switch it on, then replay.", "请先启用订阅，再重新投递。")),
    "subscription-deleted": (Label("The subscription was deleted.", "订阅已删除。"), Label("It cannot be sent again; a new subscription hears what comes from then on.", "无法再次发送；新建订阅后可收到此后的事件。")),
    "project-deleted": (Label("The project was deleted.", "项目已删除。"), NOTHING),
    "channel-unavailable-in-region": (Label("The channel is not offered in the project's region.", "项目所在区域不提供该渠道。"), Label("Whoever runs Shipbell can offer it with SHIPBELL_CHANNEL_REGIONS.", "运维人员可通过 SHIPBELL_CHANNEL_REGIONS 开放。")),
    "still-waiting": (Label("It waits already.", "该投递仍在等待中。"), Label("It goes by itself.", "将自动发送。")),
    "robot-closed": (Label("The robot is closed.", "机器人已关闭。"), Label("Reopen it or paste a new URL, then replay.", "请重新启用或粘贴新的 URL，然后重新投递。")),
    "robot-failing": (Label("The robot refused five messages in a row and stands still.", "机器人连续拒收 5 条消息，已停止发送。"), Label("Find out why it refused them, then reopen it; what waits goes on by itself.", "请查明被拒原因，然后重新启用；等待中的投递将自动继续。")),
    "robot-paused": (Label("The robot pauses, since a call to it had no success.", "对机器人的调用未成功，机器人暂停中。"), BY_ITSELF),
    "robot-paced": (Label("The robot has had as many messages as it may for now.", "机器人已达到当前的发送上限。"), Label("It goes by itself, together with others that wait.", "将自动发送，并与其他等待中的投递合并。")),
    "next-in-line": (Label("It is about to be sent, after what came before it.", "即将发送，排在先到的投递之后。"), Label("It goes by itself.", "将自动发送。")),
    "test-message": (Label("A test message is not replayed.", "测试消息不能重新投递。"), Label("Make a new test.", "请重新测试。")),
    "not-found": (Label("There is no such delivery.", "没有这条投递。"), Label("Check the id.", "请检查编号。")),
}  # fmt: skip
_HTTP = Label("The address answered with {code}.", "该地址返回了 {code}。")
_ELSEWHERE = Label(
    "The address leads elsewhere ({code}), and no redirect is followed.",
    "该地址跳转到别处（{code}），Shipbell 不跟随跳转。",
)
# What is said of a robot whose channel is not known here.
ANY_CHANNEL = Causes(
    other=Label("The robot refused the message ({code}).", "机器人拒绝了该消息（{code}）。"),
    wrong_url=Label(
        "Check the URL, a robot answers otherwise: paste the right one, or reopen the robot, then replay.",
        "请检查 URL，机器人不会这样应答：粘贴正确的 URL 或重新启用机器人，然后重新投递。",
    ),
    wrong_url_after_test=Label(
        "Check the URL, a robot answers otherwise: paste the right one, then test again.",
        "请检查 URL，机器人不会这样应答：粘贴正确的 URL，然后重新测试。",
    ),
)

NEW_ROBOT_AFTER_TEST = Label(
    "Add a robot and paste its new URL, then test again.", "请添加机器人并粘贴新的 URL，然后重新测试。"
)
IN_A_MINUTE = Label(
    "Test again in a minute; does another program use this robot?",
    "请一分钟后重新测试；是否有其他程序也在使用此机器人？",
)
LOOK_AFTER_TEST = Label("Look into the group, then test again if it is not there.", "请查看群消息，若没有再重新测试。")
_NEW_TEST = Label("Test again.", "请重新测试。")
# A test message is made anew, not replayed, and opens a closed robot by itself.
_CURES_OF_TESTS: dict[str, Label] = {
    "robot-closed": NEW_ROBOT_AFTER_TEST,
    **dict.fromkeys(("expired", "not-found"), _NEW_TEST),
    "http-429": IN_A_MINUTE,
    "reply-too-large": Label("Check the URL, this may not be a robot; then test again.", "请检查 URL，这可能不是机器人；然后重新测试。"),
    "name-not-found": Label("Check the URL and the name server, then test again.", "请检查 URL 和域名解析，然后重新测试。"),
    "certificate-not-trusted": Label("Mend the certificate, or the list of trusted ones of this machine, then test again.", "请修复证书，或更新本机的受信任证书列表，然后重新测试。"),
    "proxy-failed": Label("Check SHIPBELL_OUTBOUND_PROXY, then test again.", "请检查 SHIPBELL_OUTBOUND_PROXY，然后重新测试。"),
    **dict.fromkeys(("answers-lost", "unreadable-answer", "timed-out", "cut-off", "interrupted"), LOOK_AFTER_TEST),
    "robot-failing": Label("Find out why it refused them, then test again.", "请查明被拒原因，然后重新测试。"),
    "url-unopened": Label("Add the key that it was saved under to SHIPBELL_SECRET_KEY, start again, then test again.", "请将保存时使用的密钥加入 SHIPBELL_SECRET_KEY 并重启，然后重新测试。"),
    "channel-unknown": Label("Start a version that has it, then test again.", "请启动支持该渠道的版本，然后重新测试。"),
    "url-unusable": Label("Copy it from the robot again and paste it, then test again.", "请重新从机器人处复制并粘贴，然后重新测试。"),
    "address-not-allowed": Label("Use a public address, or let whoever runs Shipbell allow it in SHIPBELL_OUTBOUND_ALLOW, then test again.", "请使用公网地址，或由运维人员在 SHIPBELL_OUTBOUND_ALLOW 中放行，然后重新测试。"),
}  # fmt: skip
_REPORT_OF_TEST = Label(
    "Test again; if it is refused again, report it with this code.", "可重新测试；若再次被拒，请附上此代码反馈。"
)


def explain(code: str, locale: Locale = Locale.EN, causes: Causes = ANY_CHANNEL) -> Explanation:
    """What a code means and what helps; an unknown code says so and is named."""
    known = causes.known.get(code) or CAUSES.get(code)
    if known is not None:
        return Explanation(known[0].read(locale), known[1].read(locale))
    if code.startswith("http-"):
        said = _ELSEWHERE if code.startswith("http-3") else _HTTP
        told = said.read(locale).format(code=code.replace("-", " ").upper())
        server = code.startswith("http-5") or code in {"http-408", "http-429"}
        return Explanation(told, (BY_ITSELF if server else causes.wrong_url).read(locale))
    return Explanation(causes.other.read(locale).format(code=code), REPORT.read(locale))


def explain_test(code: str, locale: Locale = Locale.EN, causes: Causes = ANY_CHANNEL) -> Explanation:
    """What a code means after a test message, and what helps there."""
    told = explain(code, locale, causes)
    own = causes.after_tests.get(code) or _CURES_OF_TESTS.get(code)
    if own is not None:
        return replace(told, cure=own.read(locale))
    # Cures that many codes share, and what they are after a test.
    shared = ((REPORT, _REPORT_OF_TEST), (causes.wrong_url, causes.wrong_url_after_test), (BY_ITSELF, _NEW_TEST))
    cures = {one.read(locale): after.read(locale) for one, after in shared}
    return replace(told, cure=cures.get(told.cure, told.cure))


def explain_end(
    code: str,
    locale: Locale = Locale.EN,
    causes: Causes = ANY_CHANNEL,
    *,
    test: bool = False,
    maybe_delivered: bool = False,
) -> Explanation:
    """Why a delivery ended badly, and what helps; what the group may have seen is looked for before it is sent again."""
    if maybe_delivered and code == "expired":
        cure = explain_end("answers-lost", locale, causes, test=test).cure
        return replace(explain(code, locale, causes), cure=cure)
    return explain_test(code, locale, causes) if test else explain(code, locale, causes)
