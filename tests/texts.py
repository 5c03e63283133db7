"""Three reports of fictional bodies, unlike one another, and the ways in which a copyist changes a text."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, replace

from report_builder.model import Section
from report_builder.similarity import Text


@dataclass(frozen=True)
class Base:
    """A report's text by section, and five of its verbs with another word for each."""

    unit: str
    sections: dict[int, tuple[str, ...]]
    verbs: tuple[tuple[str, str], ...]

    @property
    def text(self) -> Text:
        """The report as the comparison takes it."""
        return text_of(self.unit, self.sections)


def text_of(unit: str, sections: dict[int, tuple[str, ...]], report_year: int = 2024) -> Text:
    """Paragraphs by section as a report of a fictional unit."""
    made = tuple(Section(number, f"第{number}部分", texts) for number, texts in sections.items())
    return Text(unit, report_year, made, (unit, "甲山市", "乙水市", "东示县", "示例省"))


SCHOOLS = Base(
    "甲山市教育局",
    {
        1: (
            (
                "2024年，甲山市教育局把招生入学、学校收费、教师招聘三类信息列为公开重点。全年在局门户网站发布各类信息1286条，"
                "其中招生政策46条，学校章程和收费公示312条，教师招聘和职称评审结果58条。针对家长最关心的学区划分，"
                "春季学期结束前把42所小学的招生范围图和报名流程挂在首页，并录制方言讲解视频7段，累计播放9.3万次。"
            ),
            (
                "局办公室收到市民递交的申请31件，比上年多出6件，多数询问民办幼儿园普惠认定和校车线路。每件申请由承办科室拟稿、"
                "法规科审核、分管副局长签发，平均用时11天。有4件因描述不清而电话沟通补正，未发生逾期答复。"
            ),
            (
                "年初重新清理了2016年以来的文件目录，废止过时的考务通知23份，给仍然有效的17份标注了修订日期。"
                "校园公示栏改造覆盖全部中小学，食堂每周菜谱、采购价格、留样记录由值班家长签字后张贴。"
            ),
            (
                "暑期组织了两场面向新入职校长的专题课，讲师拿去年被退回的5份公示做反面教材，逐字讲哪里写得含糊。"
                "校外培训机构的年检结论、退费纠纷处理进度按旬登载，白名单以外的机构用橙色标出，家长投诉量由此减少四成，媒体回访时给了好评。"
            ),
        ),
        5: (
            (
                "检查发现两个短板：一是乡镇教学点的公示栏更新常常拖到月底，家长看到的收费标准有时是旧的；"
                "二是职业学校专业设置调整的说明写得过于专业，学生读不懂。为此，局里给83个教学点各配了一名信息员，"
                "每周五下班前拍照上传公示栏，由督导室抽查打分；职业学校的专业介绍改由在校学生试读，读不通的段落退回重写。"
            ),
        ),
    },
    (("挂在", "放到"), ("询问", "打听"), ("清理", "整理"), ("覆盖", "遍及"), ("抽查", "随查")),
)

RIVERS = Base(
    "乙水市水利局",
    {
        1: (
            (
                "本年度汛期来得早，乙水市水利局的公开工作围绕水情雨情展开。自4月8日起，每日两次在政务微博推送主要河道水位，"
                "暴雨红色预警期间加密到每小时一次，全季共推送847次。沿河28个村的撤离路线图印成折页送到户，背面附有村干部电话。"
                "水库除险加固项目从立项、招标到验收的全部文书在专题页按工程归集，市民可以按库名检索。"
            ),
            (
                "水资源费减免、取水许可延续是企业咨询的热点，窗口把两项业务的办事样本摆上台面，错误填法用红笔圈出。"
                "依法办理信息公开申请19件，内容集中在河道采砂权出让合同和移民安置资金去向；其中3件涉及第三方商业秘密，"
                "书面征求意见后作了区分处理，遮盖账号后提供。没有因此引起诉讼，有1件复议被维持。"
            ),
            (
                "数据底册由水文站、河长办、灌区管理处三家每季度对一次账，对不上的地方当场查明原因。"
                "老旧的水质公报扫描件请档案馆重新识别成可复制的文字，补录1998年至2010年间的监测值5.6万个。"
            ),
            (
                "河长巡查日志改用手机填报，排污口照片连同坐标当晚入库，次日清早自动生成问题榜。"
                "节水宣传周请来12位老船工讲航道变迁，录像剪成短片在渡口循环播放，扫码可听方言版。"
            ),
        ),
        5: (
            (
                "不足之处在于：农村饮水工程的停水通知仍靠喇叭和微信群，外出务工的村民收不到；灌溉水价调整听证会的意见采纳情况，"
                "事后公布得太简略。明年打算与通信公司商定短信群发渠道，停水超过4小时必须提前一天告知；"
                "听证意见逐条写明采纳与否和理由，随定价文件一并登出，并请两名用水户代表核对原话。"
            ),
        ),
    },
    (("推送", "播发"), ("归集", "汇编"), ("摆上", "放上"), ("遮盖", "涂去"), ("商定", "谈妥")),
)

FIELDS = Base(
    "东示县农业农村局",
    {
        1: (
            (
                "东示县农业农村局负责的补贴项目多、涉及农户广，公开的着力点放在“谁领了、领多少、凭什么领”。耕地地力保护补贴、"
                "农机购置补贴、生猪良种补贴的发放清册，经村民小组会议确认后在村口张榜满15天，再由乡镇汇总上网，"
                "全县19个乡镇共公示农户4.7万户，收到异议212条，核实后更正38户。"
            ),
            (
                "高标准农田建设新开工6个片区，设计图、监理名单、工程变更单全部贴在田头标牌的二维码里，扫码即看。"
                "种子抽检不合格的5个品种当天公布批号和经销门店，提醒农户凭发票退换。遇到草地贪夜蛾迁入，植保站连发虫情简报13期，"
                "用药剂量写到每亩几毫升，避免误读。"
            ),
            (
                "申请公开的来件共8件，都是承包地确权档案查询。档案室把1983年和1999年两轮承包台账做成影像，"
                "申请人到窗口报户主姓名，当场就能打印；行动不便的老人由驻村干部代取后送上门。"
            ),
            (
                "赶集日在三个集镇支起流动宣传桌，农药残留快检当面演示，摊主带来的青菜半小时出结果。"
                "渔政、农机两支执法队的处罚书隐去姓名后按案由编成小册子，摆在农资店柜台任人翻阅，一年换发4期，店主负责收回旧册。村级动物防疫员的补助标准也头一次登在册子封底。"
            ),
        ),
        5: (
            (
                "回头看，问题也明显。有的村张榜用的是复印多次的表，字小模糊，老人看不清；宅基地审批结果只在乡镇大厅公布，"
                "离得远的村民不知情。接下来把榜单字号统一放大到三号，重要数字另配语音，由村广播早晚各念一遍；"
                "宅基地审批改为受理、踏勘、批准三个节点都在本村公示，并邀请村务监督委员会拍照存证。"
            ),
        ),
    },
    (("张榜", "贴榜"), ("核实", "查对"), ("提醒", "告知"), ("避免", "防止"), ("邀请", "约请")),
)

BASES = (SCHOOLS, RIVERS, FIELDS)


def changed(base: Base, change: object) -> Text:
    """The report with every paragraph changed."""
    assert callable(change)
    return replace(
        base.text,
        sections=tuple(
            replace(one, paragraphs=tuple(map(change, one.paragraphs))) for one in base.text.sections
        ),
    )


def other_numbers(paragraph: str) -> str:
    """Every digit another one."""
    return re.sub(r"\d", lambda match: str(9 - int(match[0])), paragraph)


def stops_for_commas(paragraph: str) -> str:
    """Every comma a full stop."""
    return paragraph.replace("，", "。")


def shuffled_sentences(paragraph: str) -> str:
    """The sentences in another order."""
    sentences = re.findall(r"[^。；]+[。；]", paragraph)
    random.Random(5).shuffle(sentences)
    return "".join(sentences)


def shuffled_clauses(paragraph: str) -> str:
    """The clauses in another order, across sentences."""
    clauses = [one for one in re.split(r"[，。；：]", paragraph) if one]
    random.Random(5).shuffle(clauses)
    return "，".join(clauses) + "。"


def reworded(base: Base) -> Text:
    """Five verbs of the whole text replaced."""

    def other_words(paragraph: str) -> str:
        for verb, other in base.verbs:
            paragraph = paragraph.replace(verb, other, 1)
        return paragraph

    return changed(base, other_words)
