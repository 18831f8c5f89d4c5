"""A small FAQ, made in code, for what must hold of understanding whatever staff write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.faq.schema import (
    DangerFile,
    DangerKind,
    ElsewhereFile,
    Entry,
    HoursFile,
    LexiconFile,
    Matter,
    MessagesFile,
    OffTopic,
    TopicFile,
)
from bot.faq.value import Faq

PHRASES: Mapping[str, Sequence[str]] = {
    "enrollment.age": [
        "几岁能上小学",
        "满几岁可以读一年级",
        "差几天满六岁能读不",
        "入学 年龄 截止",
        "九月出生的孩子今年能上学吗",
        "娃儿要满好多岁才读得到书",
        "孩子还没有满六周岁",
        "幼儿园大班读完是不是就能上小学了",
        "年龄不够学校收不收",
        "哪一天之前出生的可以报一年级",
        "我孙子八月底生的，今年读得成不",
        "六岁零一个月能上学吗",
    ],
    "enrollment.papers": [
        "小学报名要带什么材料",
        "报名要准备哪些证件",
        "户口本和房产证都要带吗",
        "材料清单 报名",
        "要不要带出生证明",
        "报一年级要交些啥子本本",
        "复印件还是原件",
        "房产证还没有下来拿什么代替",
        "我该把哪些证件准备好再去学校",
        "购房合同可不可以当证明",
        "就怕少带一样又要跑一趟",
        "本地户口的孩子要哪些资料",
    ],
    "enrollment.junior": [
        "初中报名怎么报",
        "小升初是划片吗",
        "六年级毕业怎么读初中",
        "小升初 对口 学校",
        "初一新生怎么分学校",
        "我女儿今年小学毕业要升初中了",
        "读初中要不要考试",
        "初中是电脑派位还是直升",
        "娃儿上初中是怎么安排的",
        "小学毕业以后去哪个初中",
        "小升初要看户口吗",
        "想让孩子读好一点的初中",
    ],
    "aid.boarder": [
        "住校生有没有生活补助",
        "寄宿的孩子一年补多少钱",
        "住读生补助标准",
        "寄宿 补助 金额",
        "家里困难孩子住校能领钱吗",
        "小学住校一学期补好多",
        "孩子平时住在学校，伙食费负担重",
        "住校补助打到哪张卡",
        "低保家庭住校的娃怎么领补助",
        "初中寄宿生的生活费国家给不给",
        "我屋娃儿住读，听说有一笔钱",
        "贫困寄宿生的补贴",
    ],
    "aid.day": [
        "走读的困难学生有补助吗",
        "不住校能不能领补助",
        "走读生补助标准",
        "走读 补助 金额",
        "孩子每天回家住，家里困难有补贴没有",
        "不在学校住的贫困生给多少",
        "走读的娃一年补好多",
        "每天接送的孩子也有生活补助吗",
        "非寄宿学生的补贴",
        "我们不住校，是不是就没有份",
        "低保家庭走读的孩子怎么领",
        "困难家庭的孩子中午回家吃，补不补",
    ],
    "safety.bus": [
        "校车超载打什么电话",
        "黑校车去哪里举报",
        "接送学生的面包车没有牌照",
        "校车 资质 举报",
        "校车开得飞快，家长找谁",
        "副驾驶能不能坐学生",
        "一辆车挤了二十几个娃",
        "校车司机边开车边打电话",
        "怎么看出来是不是正规校车",
        "娃儿坐的那个车没得安全带",
        "私人车子收钱接学生合不合法",
        "校车有什么规定",
    ],
}
NOT_FOR = {"enrollment.age": ["考驾照要满多少岁", "多大可以领结婚证", "几岁可以办身份证"]}
MATTERS = {
    "licence": ["驾照到期怎么换", "考驾照去哪里报名", "驾照扣分查询", "驾照丢了怎么补"],
    "pension": ["退休金怎么领", "还差几年退休", "养老金认证", "爷爷的退休工资没到账"],
}
OFF_TOPIC = {
    "weather": ["今天下不下雨", "明天气温多少度", "周末天气怎么样", "外面好热"],
    "noise": ["哈哈哈哈", "啦啦啦", "测试测试", "嘿嘿"],
}
BARE = ("补助", "报名", "材料")


def small_faq(phrases: Mapping[str, Sequence[str]] = PHRASES) -> Faq:
    """Return a Faq of these entries, with small other files."""
    entries = {name: _entry(name, texts) for name, texts in phrases.items()}
    matters = tuple(
        Matter(id=name, title=texts[0], phrases=tuple(texts), door="打12345问。", facts=("W1",))
        for name, texts in MATTERS.items()
    )
    return Faq(
        topics=tuple(
            TopicFile.model_construct(
                topic=topic,
                title=topic,
                bare=BARE,
                examples=(),
                entries=tuple(e for e in entries.values() if e.topic == topic),
            )
            for topic in dict.fromkeys(e.topic for e in entries.values())
        ),
        elsewhere=ElsewhereFile(
            matters=matters,
            off_topic=tuple(
                OffTopic(id=name, phrases=tuple(texts)) for name, texts in OFF_TOPIC.items()
            ),
        ),
        danger=DANGER,
        messages=MessagesFile(messages={"find_out": "可拨12345问。"}, small_talk={}),
        lexicon=LEXICON,
        local={},
        hours=HoursFile(answered_days=3, waiting_parent_days=7, come_back_days=7),
        entries=entries,
        matters={matter.id: matter for matter in matters},
        version="small",
    )


def _entry(name: str, texts: Sequence[str]) -> Entry:
    related = tuple(n for n in PHRASES if n != name and n.split(".")[0] == name.split(".")[0])
    return Entry.model_construct(
        id=name,
        title=texts[0],
        question=texts[1],
        phrases=tuple(texts[2:]),
        not_for=tuple(NOT_FOR.get(name, ())),
        answer=f"{name}的答复。",
        basis="《某法》",
        as_of="2025",
        facts=("E1",),
        related=related,
        owner="招生",
        review_by="2027-03-01",
    )


LEXICON = LexiconFile(
    skip=("请问", "您好", "老师", "嘛", "呢", "谢谢"),
    rewrite={
        "啷个": "怎么",
        "啥": "什么",
        "啥子": "什么",
        "好多": "多少",
        "娃儿": "孩子",
        "生请": "申请",
    },
    key_terms=(("小学|一年级", "初中|小升初|初一"), ("住校|寄宿|住读", "走读|不住校")),
    names=("谢家湾",),
    connectors=("另外", "还有", "顺便"),
    asks=("吗", "怎么", "什么", "多少", "几岁", "能不能", "可不可以", "哪"),
    follow_ups=("那", "呢", "如果"),
    commands={},
    small_talk={},
)

DANGER = DangerFile(
    kinds=(
        DangerKind(
            id="missing",
            title="走失",
            phrases=(
                "娃儿不见了",
                "孩子走丢了到处找不到",
                "放学没回家电话打不通",
                "商场里一转眼人就没了",
                "我孙女失踪了",
            ),
            signals=(("走丢|走失", "孩子|娃|孙"), ("没回家", "关机|联系不上")),
            reply="马上打110。",
        ),
        DangerKind(
            id="violence",
            title="正在被打",
            phrases=(
                "有人在校门口砍人",
                "孩子正在被一群人打",
                "他们拿刀堵到我了",
                "几个人围到打我娃",
                "还在打快来人",
            ),
            signals=(("正在|还在", "打人|被打"),),
            reply="马上打110。",
        ),
    ),
    harmless=("孩子走丢了的新闻是真的吗", "作业多得要命", "急死人了报名页面打不开"),
    harmless_words=("急死人", "打爆电话", "气死我"),
    calm_words=("新闻", "预防", "讲座"),
)
