"""Every text of the way back, in Arabic and English; a row for each, and none elsewhere."""

from __future__ import annotations

from familypc.wayback.giving import Choice
from familypc.wayback.snapshots import day

_TEXTS: dict[str, tuple[str, str]] = {
    # key: Arabic, English
    "title": ("إعادة الجهاز إلى حالة سابقة", "Take the PC back to an earlier state"),
    "why": (
        "إذا تعطل الجهاز أو صار يعمل على غير عادته، فمن هنا يعود كما كان. اختر، ثم اضغط «إعادة».",
        "If the PC is broken or behaves oddly, it can be as it was. Choose, then “Take back”.",
    ),
    "update": (
        "كما كان قبل تحديثات يوم {day}. تبقى ملفاتكم وحساباتكم.",
        "As it was before the updates of {day}. Your files and accounts stay.",
    ),
    "factory-stay": (
        "كما استلمتموه أول مرة. تبقى ملفاتكم وحساباتكم، وتزول البرامج التي أضفتموها.",
        "As you received it. Your files and accounts stay; programs that you added go.",
    ),
    "factory-go": (
        "كما استلمتموه أول مرة. تُحذف ملفاتكم وحساباتكم كلها، ولا رجعة في ذلك.",
        "As you received it. All your files and accounts are deleted, for good.",
    ),
    "sure": ("نعم، احذف كل ملفاتنا وحساباتنا", "Yes, delete all our files and accounts"),
    "not-sure": (
        "لحذف الملفات ضع علامة على «نعم، احذف» أولًا",
        "To delete the files, tick “Yes, delete” first",
    ),
    "take-back": ("إعادة", "Take back"),
    "cancel": ("إلغاء: اترك الجهاز كما هو", "Cancel: leave the PC as it is"),
    "other": ("English", "العربية"),
    "working": ("لحظات من فضلك…", "One moment, please …"),
    "done": ("تم. يُعاد تشغيل الجهاز الآن.", "Done. The PC starts again now."),
    "failed": (
        "لم تنجح الإعادة: {what}. لم يُحذف شيء لم تطلبوا حذفه.",
        "That did not work: {what}. Nothing was deleted that you did not ask to delete.",
    ),
    "keys": (
        "بالمفاتيح: Tab والأسهم للتنقل، والمسافة للاختيار، وEnter للضغط على الزر",
        "By keyboard: Tab and arrows to move, Space to choose, Enter to press a button",
    ),
}


def say(language: str, key: str, **facts: str) -> str:
    """The text of that key in `ar` or `en`, with the facts put in."""
    arabic, english = _TEXTS[key]
    return (arabic if language == "ar" else english).format(**facts)


def choice_text(language: str, choice: Choice) -> str:
    """What a choice means for whoever chooses it."""
    if not choice.is_factory:
        # A date keeps its own direction inside an Arabic line.
        return say(language, "update", day=f"\u2066{day(choice.state)}\u2069")
    return say(language, "factory-stay" if choice.files_stay else "factory-go")


def all_keys() -> frozenset[str]:
    """All keys that have a text."""
    return frozenset(_TEXTS)
