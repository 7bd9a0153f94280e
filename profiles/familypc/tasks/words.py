"""Every text of the tasks' windows, in Arabic and English; a row for each, and none elsewhere.

Names of the tasks themselves stand in `table`, for the menu has them too.
"""

from __future__ import annotations

_TEXTS: dict[str, tuple[str, str]] = {
    # key: Arabic, English
    "board": ("ماذا تريد أن تعمل؟", "What would you like to do?"),
    "opening": ("يُفتح الآن…", "Opening…"),
    "again": ("ابحث من جديد", "Look again"),
    "looking": ("لحظات من فضلك…", "One moment please…"),
    "failed": ("لم ينجح ذلك ({what}).", "That did not work ({what})."),
    "documents": ("المستندات", "Documents"),
    "pictures": ("الصور", "Pictures"),
    "desktop": ("سطح المكتب", "Desktop"),
    "downloads": ("التنزيلات", "Downloads"),
    "music": ("الموسيقى", "Music"),
    "videos": ("الفيديو", "Videos"),
    "others": ("ملفات أخرى", "Other files"),
    # pictures
    "photo": ("جهّز صورة", "Make a picture ready"),
    "photo-why": (
        "اختر صورة وحسّنها، ثم اضغط «احفظ نسخة». الصورة الأصلية تبقى كما هي.",
        "Choose a picture and improve it, then press “Save a copy”. The picture itself stays as it is.",
    ),
    "photo-none": (
        "لا توجد صور بعد. وصّل جوالك بالسلك وانسخ صورك إلى «الصور»، أو اضغط «صورة أخرى».",
        "There are no pictures yet. Connect your phone by cable and copy some to “Pictures”, or press “Another picture”.",
    ),
    "photo-latest": ("آخر الصور", "Latest pictures"),
    "photo-turn": ("دوّر", "Turn"),
    "photo-square": ("مربّعة", "Square"),
    "photo-lighter": ("أفتح", "Lighter"),
    "photo-darker": ("أغمق", "Darker"),
    "photo-other": ("صورة أخرى…", "Another picture…"),
    "photo-save": ("احفظ نسخة", "Save a copy"),
    "photo-saved": (
        "حُفظت «{name}» في {folder}، بحجم يصلح للإرسال.",
        "“{name}” was saved in {folder}, small enough to be sent.",
    ),
    # backup
    "backup": ("نسخة احتياطية على ذاكرة USB", "Backup to a USB stick"),
    "backup-why": (
        "تُنسخ ملفاتك إلى الذاكرة، فتبقى لك لو تعطّل الجهاز. لا يُحذف أي ملف. وإذا عدّلت ملفًا حلّت نسخته الجديدة محل القديمة على الذاكرة.",
        "Your files are copied to the stick, so that you keep them if the PC breaks. No file is deleted; a newer copy takes the older one's place.",
    ),
    "backup-none": (
        "وصّل ذاكرة USB بالجهاز، ثم اضغط «ابحث من جديد».",
        "Plug a USB stick into the PC, then press “Look again”.",
    ),
    "backup-stick": ("الذاكرة", "Stick"),
    "backup-free": ("{name} (المساحة الفارغة: {free})", "{name} ({free} free)"),
    "backup-what": ("يُنسخ من ملفاتك: {folders}", "Copied of your files: {folders}"),
    "backup-all-there": (
        "كل ملفاتك ({files}) منسوخة على هذه الذاكرة.",
        "All your files ({files}) are on this stick.",
    ),
    "backup-same": (
        "ملفاتك المنسوخة على هذه الذاكرة: {files}.",
        "Files of yours that are on this stick: {files}.",
    ),
    "backup-empty": ("لا توجد ملفات لنسخها بعد.", "There are no files to copy yet."),
    "backup-to-do": (
        "ملفات تنتظر النسخ: {files}، وحجمها {size}.",
        "Files to be copied: {files}, in all {size}.",
    ),
    "backup-full": (
        "لا تتسع الذاكرة لهذه الملفات ({count}): {names}. استعمل لها ذاكرة أكبر.",
        "There is no room on the stick for these ({count}): {names}. Take a larger stick for them.",
    ),
    "backup-too-large": (
        "ملفات أكبر مما تقبله هذه الذاكرة (4 غيغابايت)، ولن تُنسخ: {names}",
        "Too large for this stick (4 GB) and not copied: {names}",
    ),
    "backup-unread": (
        "تعذّرت قراءة ما يلي من الجهاز ({count}): {names}. أعد تشغيل الجهاز ثم انسخ من جديد. إن تكرر ذلك فاطلب المساعدة، فقد يكون قرص الجهاز تالفًا.",
        "These could not be read from the PC ({count}): {names}. Restart the PC and copy again. If it says so again, ask for help: its disk may be failing.",
    ),
    "backup-start": ("انسخ الآن", "Copy now"),
    "backup-restore": ("استعد ملفاتي من الذاكرة", "Bring my files back from the stick"),
    "backup-eject": ("أخرج الذاكرة بأمان", "Remove the stick safely"),
    "backup-copying": ("يُنسخ الملف {files} من {all}…", "Copying file {files} of {all}…"),
    "backup-done": (
        "تم. نُسخت الملفات ({files}) وقُرئت من الذاكرة للتأكد منها، وكل ملفاتك الآن عليها. أخرج الذاكرة قبل فصلها.",
        "Done. {files} files were copied and read back to be sure; all your files are on the stick now. Remove the stick before unplugging it.",
    ),
    "backup-part": (
        "نُسخت الملفات ({files}) وقُرئت من الذاكرة للتأكد منها، لكن النسخة ناقصة:",
        "{files} files were copied and read back to be sure, but the backup is not complete:",
    ),
    "nothing-copied": ("لم يُنسخ أي ملف:", "No file was copied:"),
    "backup-failed": (
        "لم يُكتب ما يلي على الذاكرة ({count}): {names}. جرّب ذاكرة أخرى.",
        "These could not be written to the stick ({count}): {names}. Try another stick.",
    ),
    "backup-gone": (
        "فُصلت الذاكرة قبل أن يكتمل النسخ. وصّلها وحاول مرة أخرى؛ ملفاتك على الجهاز سليمة.",
        "The stick was pulled out too early. Plug it in and try again; your files on the PC are safe.",
    ),
    "backup-out": (
        "يمكنك الآن فصل الذاكرة. احفظها بعيدًا عن الجهاز.",
        "You can pull out the stick now. Keep it away from the PC.",
    ),
    "backup-busy": (
        "الذاكرة مستعملة. أغلق الملفات المفتوحة منها ثم حاول مرة أخرى.",
        "The stick is in use. Close the files that are open from it, then try again.",
    ),
    "restore-none": (
        "لا توجد على هذه الذاكرة نسخة من ملفاتك.",
        "There is no backup of your files on this stick.",
    ),
    "restore-choose": (
        "على الذاكرة هذه النسخ. أيّها تريد أن تستعيد؟",
        "These backups are on the stick. Which one do you want back?",
    ),
    "restore-row": ("{name} (أحدث ملف فيها: {date})", "{name} (newest file: {date})"),
    "restore-bring": ("استعدها", "Bring it back"),
    "go-back": ("رجوع", "Go back"),
    "restore-same": (
        "كل ما على الذاكرة ({files}) موجود على الجهاز.",
        "Everything on the stick ({files}) is on the PC.",
    ),
    "restore-full": (
        "لا يتسع الجهاز لهذه الملفات ({count}): {names}. أفرغ سلة المهملات ثم حاول مرة أخرى.",
        "There is no room on the PC for these ({count}): {names}. Empty the wastebasket, then try again.",
    ),
    "restore-unread": (
        "تعذّرت قراءة ما يلي من الذاكرة ({count}): {names}. وصّل الذاكرة بمنفذ آخر ثم حاول مرة أخرى.",
        "These could not be read from the stick ({count}): {names}. Plug the stick into another socket, then try again.",
    ),
    "restore-failed": (
        "لم يُكتب ما يلي على الجهاز ({count}): {names}. أعد تشغيل الجهاز ثم حاول مرة أخرى.",
        "These could not be written to the PC ({count}): {names}. Restart the PC, then try again.",
    ),
    "restore-done": (
        "تم. عادت الملفات ({files}) إلى أماكنها. والملف الذي تغيّر على الجهاز بقي كما هو، ووُضعت نسخة الذاكرة بجانبه وفي اسمها «من النسخة».",
        "Done. {files} files are back in their places. A file that was changed on the PC stays as it is; the stick's copy is beside it, with “from the backup” in its name.",
    ),
    "restore-part": (
        "عادت الملفات ({files}) إلى أماكنها، لكن بعض ما على الذاكرة لم يعد:",
        "{files} files are back in their places, but some of what is on the stick is not:",
    ),
    # print
    "print": ("اطبع", "Print"),
    "print-why": (
        "اختر الملف ثم اضغط «اطبع الآن».",
        "Choose the file, then press “Print now”.",
    ),
    "print-files": ("آخر ملفاتك", "Your latest files"),
    "print-no-files": (
        "لا توجد ملفات للطباعة بعد. اختر ملفًا من مكان آخر.",
        "There are no files to print yet. Choose one from elsewhere.",
    ),
    "print-other": ("ملف آخر…", "Another file…"),
    "print-choose": ("اختر", "Choose"),
    "print-cancel": ("إلغاء", "Cancel"),
    "print-printable": ("ملفات تُطبع", "Files that can be printed"),
    "print-printer": ("الطابعة", "Printer"),
    "print-copies": ("عدد النسخ", "Copies"),
    "print-now": ("اطبع الآن", "Print now"),
    "print-add": ("أضف طابعة…", "Add a printer…"),
    "print-none": (
        "لم يجد الجهاز طابعة. شغّل الطابعة ووصّلها بالسلك أو بشبكة البيت نفسها، وانتظر دقيقة، "
        "ثم اضغط «ابحث من جديد». لم تظهر؟ اضغط «أضف طابعة».",
        "No printer was found. Switch the printer on, connect it by cable or to the same home network, "
        "wait a minute, then press “Look again”. Still not there? Press “Add a printer”.",
    ),
    "print-sending": ("يُجهَّز «{name}» للطباعة…", "Preparing “{name}”…"),
    "print-sent": (
        "أُرسل «{name}» إلى الطابعة. ستخرج الورقة بعد قليل.",
        "“{name}” was sent to the printer. The sheet will come out soon.",
    ),
    "print-waits": (
        "«{name}» ينتظر الطابعة. تأكد أنها تعمل وأن فيها ورقًا.",
        "“{name}” waits for the printer. See that it is on and has paper.",
    ),
    "print-no-choice": ("اختر ملفًا أولًا.", "Choose a file first."),
    # scan
    "scan": ("صوّر ورقة بالماسح", "Scan a sheet"),
    "scan-why": (
        "ضع الورقة في الماسح ووجهها إلى الزجاج، ثم اضغط «صوّر».",
        "Put the sheet face down on the glass, then press “Scan”.",
    ),
    "scan-looking": ("يبحث عن الماسحات…", "Looking for scanners…"),
    "scan-none": (
        "لم يجد الجهاز ماسحًا ضوئيًا. شغّله ووصّله بالسلك أو بشبكة البيت نفسها، "
        "ثم اضغط «ابحث من جديد».",
        "No scanner was found. Switch it on, connect it by cable or to the same home network, "
        "then press “Look again”.",
    ),
    "scan-scanner": ("الماسح", "Scanner"),
    "scan-kind": ("احفظها في شكل", "Keep it as"),
    "pdf": ("ملف PDF", "PDF"),
    "picture": ("صورة", "Picture"),
    "text": ("نص للتعديل", "Text to edit"),
    "scan-page": ("صوّر", "Scan"),
    "scan-another": ("صوّر ورقة أخرى", "Scan another sheet"),
    "scan-scanning": ("تُصوَّر الآن، لا تحرّك الورقة…", "Scanning, do not move the sheet…"),
    "scan-pages": ("الأوراق المصوّرة: {pages}", "Sheets so far: {pages}"),
    "scan-save": ("احفظ", "Save"),
    "scan-unsaved": (
        "لم تُحفظ الأوراق التي صوّرتها ({pages}). ماذا تريد أن تفعل؟",
        "The sheets that you scanned ({pages}) are not saved. What do you want to do?",
    ),
    "scan-throw-away": ("لا تحفظها", "Throw away"),
    "scan-saving": (
        "يُحفظ، وقد تستغرق قراءة النص دقيقة…",
        "Saving; reading the text may take a minute…",
    ),
    "scan-saved": ("حُفظ «{name}» في {folder}.", "“{name}” was saved in {folder}."),
    "scan-open": ("افتح الملف", "Open the file"),
    "scan-failed": (
        "لم تُصوَّر الورقة ({what}). تأكد أن الماسح يعمل وأن غطاءه مغلق، ثم حاول مرة أخرى.",
        "The sheet was not scanned ({what}). See that the scanner is on and its lid closed, then try again.",
    ),
    "scan-folder": ("الأوراق المصوّرة", "Scanned sheets"),
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


_UNITS = {
    "ar": ("بايت", "كيلوبايت", "ميغابايت", "غيغابايت", "تيرابايت"),
    "en": ("bytes", "kB", "MB", "GB", "TB"),
}


def size_text(size_bytes: int, language: str) -> str:
    """A size as people read it, in steps of a thousand, kept together inside any line."""
    value, step = float(size_bytes), 0
    while value >= 999.5 and step < 4:
        value, step = value / 1000, step + 1
    number = f"{value:.1f}" if step > 1 and value < 10 else f"{value:.0f}"
    return f"\u2068{number}\u00a0{_UNITS[language][step]}\u2069"


def isolated(name: str) -> str:
    """A name of a file or a device keeps its own direction inside a line."""
    return f"\u2068{name}\u2069"


def listed(names: tuple[str, ...], language: str, most: int = 4) -> str:
    """Some names for a line, and dots for those beyond `most`."""
    comma = "، " if language == "ar" else ", "
    return comma.join(map(isolated, names[:most])) + ("…" if len(names) > most else "")
