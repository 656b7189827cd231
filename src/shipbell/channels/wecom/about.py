"""What Shipbell and its pages know of WeCom (企业微信) besides how to call it."""

from shipbell.channels.wecom import causes
from shipbell.domain.catalog import Label
from shipbell.domain.pacing import PaceRule
from shipbell.domain.subscriptions import Format
from shipbell.ports.channel import About

# The limits are documented, and the service rejects longer messages. A robot may be called 20 times a minute;
# exactly 20 was seen refused.
ABOUT = About(
    kind="wecom",
    name=Label("WeCom", "企业微信"),
    url_help=Label(
        "In WeCom, open the group, choose the menu at the top right, then Message push (formerly Group robot), Add. "
        "Copy the webhook URL. Whoever has it can write to the group, so treat it as a password.",
        "在企业微信中打开群，点击右上角菜单，选择“消息推送”（原“群机器人”）并添加，然后复制 Webhook 地址。知道该地址的人都能向群里发消息，请像密码一样保管。",
    ),
    members_help=Label(
        "WeCom user IDs to mention, separated by ;. WeCom skips IDs that are not in the group and does not say so.",
        "要提醒的成员的企业微信 UserID，用 ; 分隔。不在群里的成员会被企业微信忽略，且没有提示。",
    ),
    format_help=Label(
        "Choose Text when members read the group in personal WeChat: it cannot show Markdown.",
        "如果有成员用个人微信查看该群，请选“文本”：个人微信无法显示 Markdown。",
    ),
    formats={Format.MARKDOWN: 4_096, Format.TEXT: 2_048},
    pace=PaceRule(per_minute=18, burst=6),
    public_host="qyapi.weixin.qq.com",
    causes=causes.CAUSES,
)
