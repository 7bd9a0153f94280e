"""Every text of the assistant, in Arabic and English; a row for each, and none elsewhere."""

from __future__ import annotations

_TEXTS: dict[str, tuple[str, str]] = {
    # key: Arabic, English
    "title": ("مرحبًا بك في جهازك", "Welcome to your PC"),
    "next": ("التالي", "Next"),
    "back": ("السابق", "Back"),
    "finish": ("ابدأ استخدام الجهاز", "Start using the PC"),
    "step": ("الخطوة {number} من {count}", "Step {number} of {count}"),
    "keys": (
        "بالمفاتيح: Tab والأسهم للتنقل، والمسافة للاختيار، وEnter للمتابعة",
        "By keyboard: Tab and arrows to move, Space to choose, Enter to go on",
    ),
    "language": ("ما لغتك؟", "Which language do you use?"),
    "language-why": (
        "ستظهر القوائم والبرامج بهذه اللغة.",
        "Menus and programs will be in this language.",
    ),
    "ar": ("العربية", "العربية (Arabic)"),
    "en": ("English (الإنجليزية)", "English"),
    "keyboard": ("بأي لغة تبدأ الكتابة؟", "In which letters do you begin to type?"),
    "keyboard-why": (
        "للتبديل بين العربية والإنجليزية في أي وقت: Alt مع Shift.",
        "Alt with Shift switches between English and Arabic at any time.",
    ),
    "us-ara": ("الإنجليزية، ثم العربية", "English, then Arabic"),
    "ara-us": ("العربية، ثم الإنجليزية", "Arabic, then English"),
    "keyboard-try": ("جرّب الكتابة هنا", "Try to type here"),
    "network": ("هل عندك إنترنت؟", "Do you have internet?"),
    "network-why": (
        "اختر شبكتك واكتب كلمة مرورها. الجهاز يعمل دون إنترنت أيضًا: اضغط «التالي».",
        "Choose your network and type its password. Without internet the PC works too: go on.",
    ),
    "network-none": (
        "لا يوجد واي فاي في هذا الجهاز. يمكنك المتابعة دون إنترنت.",
        "This PC has no Wi-Fi. You can go on without internet.",
    ),
    "network-wired": (
        "الجهاز متصل بالإنترنت بالسلك.",
        "The PC is connected by cable.",
    ),
    "network-other": ("شبكتي ليست في القائمة", "My network is not listed"),
    "network-name": ("اسم الشبكة كما هو تمامًا", "The network's exact name"),
    "network-nameless": ("اكتب اسم الشبكة", "Type the network's name"),
    "network-key": ("كلمة مرور الشبكة", "The network's password"),
    "network-join": ("اتصل", "Connect"),
    "network-joining": ("يتصل بالشبكة «{name}»…", "Connecting to {name}…"),
    "network-joined": ("متصل بالشبكة «{name}».", "Connected to {name}."),
    "network-refused": (
        "لم يتم الاتصال. تأكد من اسم الشبكة وكلمة مرورها.",
        "No connection. Check the network's name and password.",
    ),
    "network-phone": (
        "هذه شبكة جوال: وفّر البيانات ولا تنزّل التحديثات عليها",
        "This is a phone's hotspot: save data, fetch no updates over it",
    ),
    "network-hidden": ("مقفلة", "locked"),
    "network-open": ("مفتوحة", "open"),
    "network-looking": ("يبحث عن الشبكات…", "Looking for networks…"),
    "account": ("ما اسمك؟", "What is your name?"),
    "account-why": (
        "اكتب اسمك كما تحب أن تراه. كلمة المرور تُطلب عند تشغيل الجهاز؛ اكتبها على ورقة واحفظها في البيت.",
        "As you like to see it. The password is asked for at each start; write it down and keep it at home.",
    ),
    "account-name": ("الاسم", "Name"),
    "account-password": ("كلمة المرور", "Password"),
    "account-again": ("كلمة المرور مرة أخرى", "Password again"),
    "network-show": ("أظهرها", "Show it"),
    "account-show": ("أظهر كلمة المرور", "Show the password"),
    "time": ("أين تسكن؟", "Where do you live?"),
    "time-why": ("لتكون الساعة صحيحة.", "So that the clock is right."),
    "time-now": ("الساعة الآن: {time}", "It is now {time}"),
    "ready": ("كل شيء جاهز", "Everything is ready"),
    "ready-why": (
        "اضغط «ابدأ استخدام الجهاز»، ثم اكتب كلمة مرورك. ستُفتح لك صفحة ترحيب تشرح أين كل شيء.",
        "Press the button, then type your password. A welcome page then tells where things are.",
    ),
    "working": ("لحظات من فضلك…", "One moment please…"),
    "failed": (
        "لم يكتمل الإعداد ({what}). حاول مرة أخرى؛ لم يُفقد شيء.",
        "It could not be finished ({what}). Try again; nothing is lost.",
    ),
    "choose": ("اختر واحدًا من فضلك", "Please choose one"),
    "name-empty": ("اكتب اسمك", "Type your name"),
    "name-letters": ("لا تستعمل في الاسم : أو , أو =", "Leave out : and , and ="),
    "name-long": ("الاسم طويل جدًا", "The name is too long"),
    "password-empty": ("اختر كلمة مرور", "Choose a password"),
    "password-letters": (
        "اكتب كلمة المرور بحروف إنجليزية أو أرقام: هكذا تستطيع كتابتها عند التشغيل",
        "Use English letters or digits, so that you can type it at the start",
    ),
    "password-short": ("ستة أحرف أو أرقام على الأقل", "At least six letters or digits"),
    "password-easy": ("كلمة المرور سهلة التخمين، اختر غيرها", "Too easy to guess, take another"),
    "password-name": ("لا تجعل اسمك كلمة المرور", "Your name is no password"),
    "password-differs": ("الكلمتان غير متطابقتين", "The two are not the same"),
    "Asia/Riyadh": ("السعودية", "Saudi Arabia"),
    "Asia/Dubai": ("الإمارات", "United Arab Emirates"),
    "Asia/Kuwait": ("الكويت", "Kuwait"),
    "Asia/Bahrain": ("البحرين", "Bahrain"),
    "Asia/Qatar": ("قطر", "Qatar"),
    "Asia/Muscat": ("عُمان", "Oman"),
    "Asia/Aden": ("اليمن", "Yemen"),
    "Asia/Amman": ("الأردن", "Jordan"),
    "Africa/Cairo": ("مصر", "Egypt"),
    "Africa/Khartoum": ("السودان", "Sudan"),
}


def say(language: str, key: str, **facts: str | int) -> str:
    """The text of that key in `ar` or `en`, with the facts put in."""
    arabic, english = _TEXTS[key]
    return (arabic if language == "ar" else english).format(**facts)


def texts(key: str) -> tuple[str, str]:
    """The Arabic and the English text of a key, as they stand here."""
    return _TEXTS[key]


def all_keys() -> frozenset[str]:
    """All keys that have a text."""
    return frozenset(_TEXTS)
